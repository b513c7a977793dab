use rehydrate::Describe;

#[derive(Describe)]
union Amount {
    cents: u64,
    bytes: [u8; 8],
}

fn main() {
    let _ = Amount::TYPE;
}
