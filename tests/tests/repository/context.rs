use chrono::DateTime;
use futures_util::TryStreamExt;
use rehydrate::{CommandContext, ExecuteError, InvalidCommand, Metadata, Repository};
use rehydrate_tests::account::Account;

use super::{ID, open_account, watched};

async fn last_metadata(accounts: &Repository<Account>) -> Metadata {
    let entries: Vec<_> = accounts.history(&ID).try_collect().await.unwrap();
    entries.last().unwrap().metadata.clone()
}

#[tokio::test]
async fn a_tasks_context_completes_that_of_each_of_its_commands() {
    let (_, accounts) = watched();
    let task = CommandContext::new()
        .actor("middleware")
        .correlation_id("request 1")
        .metadata("ip", "192.0.2.1")
        .metadata("tries", 1);
    let own = CommandContext::new().actor("Ada").metadata("tries", 2);
    let inner = accounts.clone();
    task.scope(async move {
        inner
            .execute(&ID, |account| account.deposit(1))
            .await
            .unwrap();
        let metadata = last_metadata(&inner).await;
        assert_eq!(metadata.actor.as_deref(), Some("middleware"));
        assert_eq!(metadata.custom["tries"], 1);
        inner
            .execute_with(&ID, own, |account| account.deposit(1))
            .await
            .unwrap();
    })
    .await;
    let metadata = last_metadata(&accounts).await;
    assert_eq!(metadata.actor.as_deref(), Some("Ada"));
    assert_eq!(metadata.correlation_id.as_deref(), Some("request 1"));
    assert_eq!(
        (&metadata.custom["ip"], &metadata.custom["tries"]),
        (&"192.0.2.1".into(), &2.into())
    );
    accounts
        .execute(&ID, |account| account.deposit(1))
        .await
        .unwrap();
    assert!(
        last_metadata(&accounts).await.is_empty(),
        "outside of the task there is no context"
    );
}

#[tokio::test]
async fn a_tasks_key_serves_one_command_and_a_second_one_is_refused_rather_than_lost() {
    let (watched, accounts) = watched();
    let accounts = &accounts;
    let request = || CommandContext::new().idempotency_key("request 1");
    let deposit = |account: &Account| account.deposit(5);
    request()
        .scope(async {
            accounts.execute(&ID, deposit).await.unwrap();
            let second = accounts.execute(&ID, deposit).await.unwrap_err();
            assert!(matches!(
                second,
                ExecuteError::InvalidCommand(InvalidCommand::SecondCommand { .. })
            ));
            let own = CommandContext::new().idempotency_key("request 1, fee");
            accounts.execute_with(&ID, own, deposit).await.unwrap();
        })
        .await;
    let again = request()
        .scope(accounts.execute(&ID, deposit))
        .await
        .unwrap();
    assert!(again.is_duplicate());
    assert_eq!(accounts.load(&ID).await.unwrap().cents, 10);
    drop(watched);
}

#[tokio::test]
async fn a_tasks_time_is_that_of_its_commands() {
    let (watched, _) = watched();
    let time = DateTime::UNIX_EPOCH;
    let accounts = CommandContext::new()
        .recorded_at(time)
        .scope(open_account(watched))
        .await;
    assert_eq!(accounts.load(&ID).await.unwrap().recorded_at(), Some(time));
}

#[tokio::test]
async fn a_scope_inside_a_scope_adds_to_it() {
    let (_, accounts) = watched();
    let accounts = &accounts;
    let deposit = |account: &Account| account.deposit(5);
    let outer = || {
        CommandContext::new()
            .correlation_id("outer")
            .idempotency_key("once")
    };
    for _ in 0..2 {
        let inner = CommandContext::new().actor("inner").scope(async {
            accounts.execute(&ID, deposit).await.unwrap();
        });
        outer().scope(inner).await;
    }
    let metadata = last_metadata(accounts).await;
    assert_eq!(metadata.correlation_id.as_deref(), Some("outer"));
    assert_eq!(metadata.actor.as_deref(), Some("inner"));
    assert_eq!(
        accounts.load(&ID).await.unwrap().cents,
        5,
        "the outer key served the command"
    );
}

#[tokio::test]
async fn a_spawned_task_can_be_given_the_context_but_not_the_key() {
    let (_, accounts) = watched();
    let inner = accounts.clone();
    let task = CommandContext::new()
        .actor("middleware")
        .idempotency_key("once");
    task.scope(async move {
        let deposit = |account: &Account| account.deposit(5);
        inner.execute(&ID, deposit).await.unwrap();
        let here = CommandContext::current();
        let spawned = tokio::spawn(here.scope(async move { inner.execute(&ID, deposit).await }));
        assert!(!spawned.await.unwrap().unwrap().is_duplicate());
    })
    .await;
    assert_eq!(accounts.load(&ID).await.unwrap().cents, 10);
    assert_eq!(
        last_metadata(&accounts).await.actor.as_deref(),
        Some("middleware")
    );
}

#[tokio::test]
async fn a_refused_command_keeps_the_tasks_key_so_that_a_repetition_is_the_same_command() {
    let (_, accounts) = watched();
    let accounts = &accounts;
    let request = || CommandContext::new().idempotency_key("request 1");
    for _ in 0..2 {
        request()
            .scope(async {
                let withdraw = |account: &Account| account.withdraw(1_000_000);
                let refused = accounts.execute(&ID, withdraw).await.unwrap_err();
                assert!(matches!(refused, ExecuteError::Rejected(_)));
                accounts
                    .execute(&ID, |account| account.deposit(5))
                    .await
                    .unwrap_err();
            })
            .await;
    }
    assert!(accounts.load(&ID).await.unwrap().is_new());
}

#[tokio::test]
async fn a_content_is_compared_without_the_order_of_its_keys() {
    let (_, accounts) = watched();
    let context = |content: serde_json::Value| {
        CommandContext::new()
            .idempotency_key("key")
            .fingerprint(&content)
    };
    let one = serde_json::json!({"a": [1, {"x": null, "y": "\"}"}], "b": 2});
    let other: serde_json::Value =
        serde_json::from_str(r#"{"b": 2, "a": [1, {"y": "\"}", "x": null}]}"#).unwrap();
    let deposit = |account: &Account| account.deposit(5);
    accounts
        .execute_with(&ID, context(one), deposit)
        .await
        .unwrap();
    let again = accounts
        .execute_with(&ID, context(other), deposit)
        .await
        .unwrap();
    assert!(again.is_duplicate());
    let not_json = std::collections::BTreeMap::from([((1, 2), 3)]);
    let context = CommandContext::new()
        .idempotency_key("other")
        .fingerprint(&not_json);
    let refused = accounts
        .execute_with(&ID, context, deposit)
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        ExecuteError::InvalidCommand(InvalidCommand::Content { .. })
    ));
}
