use super::stage::Stage;
use super::{networks, people, reading, records, report, show};
use crate::cli::{DemoArgs, Output};
use crate::control::Reply;
use crate::failure::Failure;

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
