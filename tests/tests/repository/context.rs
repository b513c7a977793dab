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
