//! What the README says of itself.

/// The lines of code of the README's example before it is used.
fn domain_lines() -> usize {
    let readme = include_str!("../../README.md");
    let example = readme.split("```rust").nth(1).unwrap();
    let domain = example.split("// That was the domain.").next().unwrap();
    domain
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("use "))
        .count()
}

#[test]
fn the_domain_part_of_the_example_is_at_most_26_lines() {
    let lines = domain_lines();
    assert!((15..=26).contains(&lines), "{lines} lines");
}

#[test]
fn every_file_that_the_readme_links_to_is_there() {
    let readme = include_str!("../../README.md");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut links = 0;
    for link in readme.split("](").skip(1) {
        let target = link.split(')').next().unwrap();
        assert!(root.join(target).exists(), "{target} is not there");
        links += 1;
    }
    assert!(links > 10);
}
