//! Prints docs/roles.md: `cargo run -p service --example roles > docs/roles.md`.
fn main() {
    print!("{}", service::staff::roles_page());
}
