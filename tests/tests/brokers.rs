//! Every broker keeps the promises of every publisher and of every source.

mod memory {
    use rehydrate::broker_contract::ContractBroker;
    use rehydrate::{MemoryBroker, Publisher, Source};

    #[async_trait::async_trait]
    impl ContractBroker for Topic {
        fn publisher(&self) -> &dyn Publisher {
            &self.0
        }

        fn source(&self) -> Box<dyn Source> {
            Box::new(self.0.topic(self.topic()))
        }

        fn topic(&self) -> String {
            "contract".to_owned()
        }

        fn too_large(&self) -> usize {
            1_000_000
        }

        async fn put_garbage(&self, text: &str) {
            self.0.put(self.topic(), "garbage", text);
        }
    }

    struct Topic(MemoryBroker);

    rehydrate::publisher_contract!(async { Topic(MemoryBroker::new()) });
    rehydrate::source_contract!(async { Topic(MemoryBroker::new()) });
}

#[test]
fn the_lists_of_promises_are_the_documentation_of_the_ports() {
    let documented = |source: &str| -> Vec<String> {
        let promises = source
            .lines()
            .filter_map(|line| line.strip_prefix("/// - "));
        let names = promises.map(|promise| {
            let words = promise.to_lowercase().replace(['.', ',', '\''], "");
            words.replace([' ', '-'], "_")
        });
        names.collect()
    };
    let publisher = documented(include_str!("../../core/src/publish.rs"));
    assert_eq!(publisher, rehydrate::broker_contract::PUBLISHER_PROMISES);
    let source = documented(include_str!("../../core/src/source.rs"));
    assert_eq!(source, rehydrate::broker_contract::SOURCE_PROMISES);
}
