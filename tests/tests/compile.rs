//! What the derive macros accept, and what they say about mistakes.

#[test]
fn every_mistake_is_explained_where_it_was_made() {
    trybuild::TestCases::new().compile_fail("ui/fail/*/*.rs");
}

#[test]
fn everything_that_is_documented_compiles() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}
