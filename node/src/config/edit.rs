use super::check::{Facility, Feed};
use super::preset::Preset;
use super::raw::ConfigError;
use protocol::ids::FacilityId;
use toml::Value;

/// The text of a new file.
pub fn first_text(preset: Preset, name: Option<&str>) -> String {
    let name = name.map(|name| format!("name = {}\n", quoted(name))).unwrap_or_default();
    format!(
        "# `musubi config explain KEY` says what each key means; `musubi config check` reads this file.\npreset = \"{}\"\n{name}",
        preset.word()
    )
}

/// The text with one more facility at its end.
pub fn add_facility(text: &str, facility: &Facility) -> String {
    let mut out = text.trim_end().to_owned();
    out.push_str(&format!(
        "\n\n[[facility]]\nid = {}\nname = {}\nclass = {}\nauthority = {}\n",
        quoted(facility.id.as_str()),
        quoted(&facility.name),
        quoted(facility.class.word()),
        quoted(facility.authority.as_str())
    ));
    for feed in &facility.feeds {
        out.push_str(&feed_text(feed));
    }
    out
}

/// The text with one more feed for a facility; everything else stays as it was written.
///
/// # Errors
/// [`ConfigError::NoFacility`], or [`ConfigError::Form`] if the text is no configuration.
pub fn add_feed(text: &str, facility: &FacilityId, feed: &Feed) -> Result<String, ConfigError> {
    let tree: Value = text.parse::<toml::Table>().map(Value::Table).map_err(|e| ConfigError::Form(e.to_string()))?;
    let list = tree.get("facility").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let id_of = |entry: &Value| entry.get("id").and_then(Value::as_str).and_then(|id| FacilityId::parse(id).ok());
    let at = list.iter().position(|entry| id_of(entry).as_ref() == Some(facility));
    let at = at.ok_or_else(|| ConfigError::NoFacility(facility.to_string()))?;
    let lines: Vec<&str> = text.lines().collect();
    let header = |line: &&str| line.trim_start().starts_with("[[facility]]");
    let start = lines.iter().enumerate().filter(|(_, line)| header(line)).map(|(i, _)| i).nth(at);
    let start = start.ok_or_else(|| ConfigError::Form("write each facility as [[facility]]".into()))?;
    let is_other =
        |line: &str| line.trim_start().starts_with('[') && !line.trim_start().starts_with("[[facility.feed]]");
    let rest = lines[start + 1..].iter().position(|line| is_other(line)).map_or(lines.len(), |n| start + 1 + n);
    let (before, after) = lines.split_at(rest);
    let mut out = before.join("\n").trim_end().to_owned();
    out.push('\n');
    out.push_str(&feed_text(feed));
    if !after.is_empty() {
        out.push('\n');
        out.push_str(&after.join("\n"));
        out.push('\n');
    }
    Ok(out)
}

fn feed_text(feed: &Feed) -> String {
    let transactions =
        feed.transactions.as_ref().map(|path| format!("transactions = {}\n", quoted(&path.to_string_lossy())));
    format!(
        "[[facility.feed]]\nname = {}\nkind = \"ss-mix2\"\npath = {}\n{}scan_interval_s = {}\n",
        quoted(&feed.name),
        quoted(&feed.path.to_string_lossy()),
        transactions.unwrap_or_default(),
        feed.scan_interval_s
    )
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::raw::parse;
    use super::*;
    use figment::Figment;
    use protocol::ids::AuthorityId;
    use protocol::kinds::FacilityClass;

    fn facility(id: &str) -> Facility {
        Facility {
            id: FacilityId::parse(id).expect("digits"),
            name: "みなと \"診療所\"".into(),
            class: FacilityClass::Clinic,
            authority: AuthorityId::parse("1.2.3").expect("an OID"),
            feeds: Vec::new(),
        }
    }
    fn feed(path: &str) -> Feed {
        Feed {
            name: path.replace(['/', ' '], "-"),
            path: path.into(),
            transactions: Some("/tr".into()),
            scan_interval_s: 60,
        }
    }

    #[test]
    fn what_is_added_is_read_back_at_its_place() {
        let (one, two) = (facility("1312345678"), facility("1312345679"));
        let text = first_text(Preset::Hospital, Some("node"));
        let text = add_facility(&add_facility(&text, &one), &two) + "\n# mine\n[log]\nlevel = \"warn\"\n";
        let text = add_feed(&text, &one.id, &feed("/a b")).expect("added");
        let text = add_feed(&text, &two.id, &feed("/c")).expect("added");
        let text = add_feed(&text, &one.id, &feed("/d")).expect("added");
        let config = parse(&text, Figment::new()).expect("fine");
        assert_eq!(config.facilities[0].feeds, [feed("/a b"), feed("/d")]);
        assert_eq!(config.facilities[1].feeds, [feed("/c")]);
        assert_eq!(config.facilities[0].name, one.name);
        assert_eq!(config.log_level, "warn");
        assert!(text.contains("# mine"));
    }
    #[test]
    fn a_feed_of_nobody_is_refused() {
        let stranger = facility("1312345678").id;
        assert!(matches!(add_feed("", &stranger, &feed("/a")), Err(ConfigError::NoFacility(_))));
    }
}
