//! I08: no index entry goes to a node that is not of its shelf's audience at the time of sending: another class, another network
//! without an accord in force that covers it, or the partner of a partner.
use super::{Invariant, Leaving, Truth, Verdict, Violation, Watch, broken};
use protocol::ids::ShelfId;
use protocol::index::Audience;
use protocol::wire::v1;

pub(super) fn changes(watch: &Watch, leaving: Leaving<'_>, changes: &v1::Changes) -> Verdict {
    let truth = &watch.truth;
    let Some((shelf, _)) = ShelfId::from_slice(&changes.shelf).and_then(|id| truth.shelves.get(&id)) else {
        return Ok(());
    };
    if changes.adds.is_empty() || truth.facility[leaving.to] == shelf.holder {
        return Ok(());
    }
    let tell = |what: &str| {
        let (from, to) = (Violation::named(truth, leaving.from), Violation::named(truth, leaving.to));
        let holder = truth.facilities.get(&shelf.holder).map_or("?", |host| Violation::named(truth, *host));
        broken(Invariant::I08, format!("{from} sends entries of {holder} to {to} at {}: {what}", leaving.now.0))
    };
    let Some(reader) = truth.live(leaving.to, leaving.now, &watch.known[leaving.from]) else {
        return tell("it is no member");
    };
    match &shelf.audience {
        Audience::Network { network, .. } if reader.network != *network => tell("it is of another network"),
        Audience::Network { classes, .. } if !classes.has(reader.class.code()) => tell("it is of another class"),
        Audience::Network { .. } => Ok(()),
        Audience::Accord { accord } => match covered(truth, leaving, *accord, shelf) {
            true => Ok(()),
            false => tell("no accord in force covers it"),
        },
    }
}

fn covered(truth: &Truth, leaving: Leaving<'_>, id: protocol::ids::AccordId, shelf: &protocol::index::Shelf) -> bool {
    let Some(accord) = truth.accord_by_id(id) else { return false };
    let Some(reader) = &truth.members[leaving.to].0 else { return false };
    let holder = truth.facilities.get(&shelf.holder).and_then(|host| truth.members[*host].0.as_ref());
    let Some(holder) = holder else { return false };
    // Who is of the holder's own side passes its shelf on, and so may have it.
    let mut clauses = accord.clauses.iter().filter(|clause| clause.holder_network == holder.network);
    accord.from <= leaving.now
        && leaving.now < accord.to
        && accord.other(reader.network) == Some(holder.network)
        && clauses.any(|clause| clause.classes.has(reader.class.code()))
}
