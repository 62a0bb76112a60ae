//! The portal over made-up people, to look at pages without a node: `cargo run -p portal --example fake`.
mod desk;

use desk::FakeDesk;
use portal::{Door, PortalConfig, serve_desk};
use service::clock::SystemClock;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = PortalConfig { demo: true, ..PortalConfig::new(([127, 0, 0, 1], 8470).into()) };
    let folder = std::env::temp_dir().join(format!("musubi-fake-{}", std::process::id()));
    let house = service::testing::house(&folder, Arc::new(SystemClock::new(None)));
    let accounts = house.service.accounts().clone();
    accounts.stage_demo()?;
    let portal = serve_desk(Arc::new(FakeDesk::new()), accounts.clone(), config).await?;
    println!("{}", portal.link(Door::Demo, &accounts.demo_link().unwrap_or_default()));
    std::future::pending::<()>().await;
    Ok(())
}
