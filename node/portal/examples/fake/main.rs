//! The portal over made-up people, to look at pages without a node: `cargo run -p portal --example fake`.
mod desk;

use desk::FakeDesk;
use portal::{PortalConfig, serve_desk};
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = PortalConfig { demo: true, ..PortalConfig::new(([127, 0, 0, 1], 8470).into()) };
    let portal = serve_desk(Arc::new(FakeDesk::new()), config).await?;
    println!("{}", portal.start_url());
    std::future::pending::<()>().await;
    Ok(())
}
