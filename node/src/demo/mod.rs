//! The demo: two networks, five facilities as real nodes in this process, made-up people, the main job once from founding to
//! withdrawal; then the page. Nothing is kept.
//!
//! `stage` starts the nodes in a folder that goes away, `networks` founds, invites, admits and signs, `records` writes and
//! takes in the made-up storages, `people` finds whom to show it on, `reading` is consent, look-up, fetch, refusal and
//! withdrawal, `report` says what held, `show` opens the page.
mod networks;
mod people;
mod reading;
mod records;
mod report;
mod show;
mod stage;

use crate::cli::{DemoArgs, Output};
use crate::control::Reply;
use crate::failure::Failure;
use stage::Stage;

/// Runs it.
///
/// # Errors
/// [`Failure`] of the first step that did not do what it promises.
pub fn run(args: &DemoArgs, out: &Output) -> Result<Reply, Failure> {
    let signals = show::Stop::listen()?;
    let stage = Stage::build(args, out, &signals)?;
    let played = play(&stage);
    let reply = match &played {
        Ok(played) => report::reply(&stage, played),
        Err(_) => Reply::default(),
    };
    let shown = match (&played, args.once) {
        (Ok(_), false) => show::page(&stage, args, &reply, &signals),
        _ => Ok(()),
    };
    stage.strike();
    let played = played.and_then(|played| shown.map(|()| played))?;
    Ok(if args.once { reply.exit(u8::from(!played.held())) } else { Reply::default() })
}

/// The steps, in the order in which a region would take them.
fn play(stage: &Stage<'_>) -> Result<report::Played, Failure> {
    let files = records::take_in(stage)?;
    networks::found(stage)?;
    networks::join(stage)?;
    networks::agree(stage)?;
    let cast = people::choose(stage)?;
    let read = reading::play(stage, &cast)?;
    Ok(report::Played { files, read })
}
