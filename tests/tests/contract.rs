//! Every store keeps the promises of every store.

mod memory {
    rehydrate::store_contract!(async { rehydrate::MemoryStore::new() });
}

mod sqlite_in_memory {
    rehydrate::store_contract!(rehydrate_tests::stores::sqlite_in_memory());
}

mod sqlite_file {
    rehydrate::store_contract!(rehydrate_tests::stores::sqlite_file());
}

mod postgres {
    rehydrate::store_contract!(rehydrate_tests::stores::postgres());
}

mod mysql {
    rehydrate::store_contract!(rehydrate_tests::stores::mysql());
}

#[test]
fn the_list_of_promises_is_the_documentation_of_the_port() {
    let port = [
        include_str!("../../core/port/src/store.rs"),
        include_str!("../../core/port/src/store/consumers.rs"),
    ];
    let documented: Vec<String> = port
        .iter()
        .flat_map(|source| source.lines())
        .filter_map(|line| line.strip_prefix("/// - "))
        .map(|promise| {
            let words = promise.to_lowercase().replace(['.', ',', '\''], "");
            words.replace([' ', '-'], "_")
        })
        .collect();
    assert_eq!(documented, rehydrate::contract::PROMISES);
    println!(
        "{} promises, each a test of its name on every store:",
        documented.len()
    );
    for promise in documented {
        println!("  {promise}");
    }
}
