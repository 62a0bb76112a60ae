use super::*;
use crate::limits::COMMANDS_MAX;
use crate::{Opened, Service, ServiceConfig};
use protocol::engine::{Command, Effect, Event, Output};
use std::time::Duration;
use tempfile::TempDir;

fn open(folder: &TempDir) -> Opened {
    Service::open(ServiceConfig::new(folder.path(), "test")).expect("opens")
}

#[test]
fn a_full_queue_answers_busy_and_a_dropped_inbox_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let Opened { service, host: _host, inbox, .. } = open(&folder);
    let engine = service.engine();
    for _ in 0..COMMANDS_MAX {
        engine.cast(Command::SyncNow).expect("room");
    }
    assert_eq!(engine.cast(Command::SyncNow), Err(CommandError::Busy));
    assert!(engine.snapshot().is_none(), "nobody drives it");
    let waiting = {
        assert!(inbox.next().is_some());
        engine.send(Command::SyncNow).expect("room again")
    };
    drop(inbox);
    assert_eq!(waiting.next(Duration::from_secs(5)).map(|_| ()), Err(CommandError::Stopped));
    assert_eq!(engine.ask(Command::Checkpoint), Err(CommandError::Stopped));
}

#[test]
fn who_waits_hears_of_a_command_only_when_the_book_shows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let Opened { service, host, inbox, .. } = open(&folder);
    let mut engine = host.engine();
    let pending = service.engine().send(Command::SyncNow).expect("room");
    let input = inbox.next().expect("the command");
    engine.handle(host.now(), input);
    while let Some(output) = engine.poll() {
        match output {
            Output::Event(event) => host.on_event(event),
            Output::Effect(_, Effect::Commit(batch)) => host.commit(batch, |_| {}),
            _ => {}
        }
    }
    assert_eq!(pending.next(Duration::from_millis(1)).map(|_| ()), Err(CommandError::Late));
    host.settle(&engine);
    assert!(matches!(pending.next(Duration::from_secs(5)), Ok(Event::CommandDone(_, Ok(())))));
}

#[test]
fn a_picture_of_the_engine_is_taken_when_somebody_asks() {
    let folder = tempfile::tempdir().expect("a folder");
    let Opened { service, host, inbox, .. } = open(&folder);
    let alone = alone::start(host, inbox).expect("a thread");
    crate::testing::eventually("it runs", || service.engine().is_running());
    assert_eq!(service.engine().snapshot().expect("a picture").node, service.node_key());
    alone.stop();
    assert!(!service.engine().is_running());
}
