use comfy_table::{ContentArrangement, Table, presets};
use protocol::audit::Event;
use protocol::kinds::KindSet;
use protocol::policy::Why;
use protocol::time::{MINUTE_MS, Millis};
use serde_json::{Value, json};
use service::signing::Signing;

/// A moment for people, in Japan's time.
pub fn when(at: Millis) -> String {
    if at == Millis(0) {
        return "never".into();
    }
    let minutes = (at.0 / MINUTE_MS + 9 * 60) % (24 * 60);
    format!("{} {:02}:{:02}:{:02} JST", at.date_jst(), minutes / 60, minutes % 60, at.0 / 1_000 % 60)
}

/// Kinds as words.
pub fn kinds(set: KindSet) -> Vec<&'static str> {
    set.iter().map(|kind| kind.word()).collect()
}

/// A table for people.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(head.to_vec());
    table.add_rows(rows);
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// An object that founders sign, for scripts.
pub fn signing_json(signing: &Signing) -> Value {
    let tallies = signing.tallies.iter().map(|tally| {
        json!({
            "network": tally.network.to_string(), "name": tally.name, "signed_by": tally.signed_by,
            "need": tally.need, "enough": tally.is_enough(),
        })
    });
    json!({
        "id": signing.hash.to_string(), "kind": format!("{:?}", signing.kind).to_lowercase(),
        "complete": signing.is_complete(), "signatures": tallies.collect::<Vec<_>>(),
    })
}

/// The same for people.
pub fn signing_text(signing: &Signing) -> String {
    let tallies = signing.tallies.iter().map(|tally| {
        let by = if tally.signed_by.is_empty() { String::new() } else { format!(" ({})", tally.signed_by.join(", ")) };
        format!("{}: {} of {}{by}", tally.name, tally.signed_by.len(), tally.need)
    });
    let state = if signing.is_complete() { "in force" } else { "waits for founders" };
    format!("{:.16}  {:?}  {state}; {}", signing.hash.to_string(), signing.kind, tallies.collect::<Vec<_>>().join("; "))
}

/// An event of the log, for scripts.
pub fn event_json(index: u64, event: &Event) -> Value {
    json!({
        "leaf": index, "at": event.at.0, "what": event.what.word(),
        "patient": event.patient.map(|patient| patient.to_string()),
        "facility": event.facility.as_ref().map(ToString::to_string),
        "peer": event.peer.as_ref().map(ToString::to_string),
        "node": event.node.as_ref().map(ToString::to_string),
        "staff": event.staff, "request": event.request.map(|request| request.to_string()),
        "purpose": event.purpose.map(|purpose| purpose.word()), "kinds": kinds(event.kinds), "count": event.count,
        "reason": event.reason, "why": event.reason.and_then(Why::from_code).map(Why::word),
        "object": event.object.map(|object| object.to_string()), "note": event.note,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::time::Date;

    #[test]
    fn moments_are_shown_in_japans_time_whatever_the_machines_zone() {
        let midnight = Date::new(2026, 11, 22).map(Date::start_jst).expect("a date");
        assert_eq!(when(midnight.plus(61_000)), "2026-11-22 00:01:01 JST");
        assert_eq!(when(Millis(0)), "never");
    }
}
