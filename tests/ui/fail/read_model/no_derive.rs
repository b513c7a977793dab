use rehydrate::ReadModel;

struct Balance;

fn needs<R: ReadModel>() {}

fn main() {
    needs::<Balance>();
}
