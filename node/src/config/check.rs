use super::raw::{ConfigError, Raw, RawFacility, RawFeed, RawRelay};
use peer::{Multiaddr, NetConfig, NetLimits, Transports};
use protocol::engine::Limits;
use protocol::ids::{AuthorityId, FacilityId};
use protocol::kinds::FacilityClass;
use protocol::limits::{EMERGENCY_LAPSE_MS, EMERGENCY_REVIEW_MS};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// A configuration whose every value is in its range.
#[derive(Clone, Debug)]
pub struct Config {
    /// As it was read, with nothing filled in.
    pub raw: Raw,
    pub name: String,
    pub facilities: Vec<Facility>,
    /// Where the pages are; none: switched off.
    pub portal: Option<SocketAddr>,
    pub language: String,
    pub relays: Relays,
    pub bootstrap: Vec<Multiaddr>,
    /// Everything else of the network part.
    pub net: NetConfig,
    pub engine: Limits,
    pub cache_bytes: u64,
    /// Said at the command line, never in the file: the clock is right, however far ahead.
    pub trusts_clock: bool,
    pub log_level: String,
    pub log_to: LogTo,
}

/// A facility that this node serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facility {
    pub id: FacilityId,
    pub name: String,
    pub class: FacilityClass,
    pub authority: AuthorityId,
    pub feeds: Vec<Feed>,
}

/// A source of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    pub name: String,
    pub path: PathBuf,
    /// The transaction storage beside it, if there is one to follow.
    pub transactions: Option<PathBuf>,
    pub scan_interval_s: u64,
}

/// Where reservations are kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Relays {
    /// At members with the role, if there is no inbound port.
    Auto,
    Off,
    At(Vec<Multiaddr>),
}

/// Where the log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogTo {
    File,
    Stderr,
}

/// Makes values of what the file says.
pub fn check(raw: Raw) -> Result<Config, ConfigError> {
    let facilities = raw.facility.iter().map(facility).collect::<Result<Vec<_>, _>>()?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = facilities.iter().find(|facility| !seen.insert(facility.id.clone())) {
        return Err(ConfigError::Twice(twice.id.to_string()));
    }
    let fallback = facilities.first().map_or_else(|| "musubi".to_owned(), |facility| facility.name.clone());
    let limits = &raw.limits;
    let default = Limits::default();
    let ms = |key, value: Option<u64>, default, min, max| ranged(key, value, default, min, max);
    let engine = Limits {
        sync_ms: ms("limits.sync_interval_ms", limits.sync_interval_ms, default.sync_ms, 200, 3_600_000)?,
        checkpoint_ms: ms(
            "limits.checkpoint_interval_ms",
            limits.checkpoint_interval_ms,
            default.checkpoint_ms,
            200,
            3_600_000,
        )?,
        publish_ms: ms("limits.publish_interval_ms", limits.publish_interval_ms, default.publish_ms, 0, 3_600_000)?,
        dial_wait_ms: ms("limits.dial_wait_ms", limits.dial_wait_ms, default.dial_wait_ms, 100, 60_000)?,
        join_retry_ms: ms("limits.join_retry_ms", limits.join_retry_ms, default.join_retry_ms, 100, 600_000)?,
        quota: ranged("limits.requests_per_hour", limits.requests_per_hour, default.quota.into(), 1, 1_000_000)?
            .try_into()
            .unwrap_or(u32::MAX),
        emergency_review_ms: ms(
            "limits.emergency_review_ms",
            limits.emergency_review_ms,
            default.emergency_review_ms,
            1_000,
            EMERGENCY_REVIEW_MS,
        )?,
        emergency_lapse_ms: ms(
            "limits.emergency_lapse_ms",
            limits.emergency_lapse_ms,
            default.emergency_lapse_ms,
            1_000,
            EMERGENCY_LAPSE_MS,
        )?,
    };
    let preset = raw.preset;
    let relays = relays(raw.peer.relay.as_ref())?;
    Ok(Config {
        name: named("name", raw.name.as_deref().unwrap_or(&fallback))?,
        facilities,
        portal: portal(raw.portal.listen.as_deref().unwrap_or(PORTAL_LISTEN))?,
        language: one_of("portal.language", raw.portal.language.as_deref().unwrap_or("ja"), &["ja", "en"])?,
        bootstrap: addresses("peer.bootstrap", &raw.peer.bootstrap)?,
        net: net(&raw, &relays)?,
        relays,
        engine,
        cache_bytes: ranged("limits.cache_mib", limits.cache_mib, preset.cache_mib(), 8, 1024)? << 20,
        trusts_clock: false,
        log_level: one_of("log.level", raw.log.level.as_deref().unwrap_or("info"), LEVELS)?,
        log_to: match one_of("log.to", raw.log.to.as_deref().unwrap_or("file"), &["file", "stderr"])?.as_str() {
            "stderr" => LogTo::Stderr,
            _ => LogTo::File,
        },
        raw,
    })
}

fn net(raw: &Raw, relays: &Relays) -> Result<NetConfig, ConfigError> {
    let connections = raw.limits.connections_max;
    let connections = ranged("limits.connections_max", connections, raw.preset.connections_max(), 16, 10_000)?;
    Ok(NetConfig {
        listen: addresses("peer.listen", &raw.peer.listen)?,
        announce: addresses("peer.announce", &raw.peer.announce)?,
        transports: Transports { quic: raw.peer.quic.unwrap_or(true), tcp: raw.peer.tcp.unwrap_or(true) },
        relay_server: raw.peer.serve_relay.unwrap_or(raw.preset.serves_relay()),
        relays: match relays {
            Relays::At(addresses) => addresses.clone(),
            Relays::Auto | Relays::Off => Vec::new(),
        },
        limits: NetLimits { connections_max: u32::try_from(connections).unwrap_or(u32::MAX), ..NetLimits::default() },
        mdns: raw.peer.mdns.unwrap_or(false),
        ..NetConfig::default()
    })
}

fn facility(raw: &RawFacility) -> Result<Facility, ConfigError> {
    Ok(Facility {
        id: FacilityId::parse(&raw.id).map_err(|_| value("facility.id", &raw.id))?,
        name: named("facility.name", &raw.name)?,
        class: FacilityClass::parse(&raw.class).ok_or_else(|| value("facility.class", &raw.class))?,
        authority: AuthorityId::parse(&raw.authority).map_err(|_| value("facility.authority", &raw.authority))?,
        feeds: feeds(&raw.feed)?,
    })
}

fn feeds(list: &[RawFeed]) -> Result<Vec<Feed>, ConfigError> {
    let feeds = (1..).zip(list).map(|(number, raw)| feed(number, raw)).collect::<Result<Vec<_>, _>>()?;
    let mut names = BTreeSet::new();
    match feeds.iter().find(|feed| !names.insert(feed.name.as_str())) {
        Some(twice) => Err(value("facility.feed.name", &twice.name)),
        None => Ok(feeds),
    }
}

/// The name of a feed that has none.
pub fn feed_name(number: usize) -> String {
    if number == 1 { "main".into() } else { format!("feed-{number}") }
}

fn feed(number: usize, raw: &RawFeed) -> Result<Feed, ConfigError> {
    let name = raw.name.clone().unwrap_or_else(|| feed_name(number));
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !plain || !(1..=FEED_NAME_CHARS_MAX).contains(&name.len()) {
        return Err(value("facility.feed.name", &name));
    }
    one_of("facility.feed.kind", if raw.kind.is_empty() { "ss-mix2" } else { &raw.kind }, &["ss-mix2"])?;
    if raw.path.is_empty() {
        return Err(value("facility.feed.path", ""));
    }
    let interval = ranged("facility.feed.scan_interval_s", raw.scan_interval_s, SCAN_INTERVAL_S, 1, 86_400)?;
    let transactions = match raw.transactions.as_deref() {
        Some("") => return Err(value("facility.feed.transactions", "")),
        other => other.map(PathBuf::from),
    };
    Ok(Feed { name, path: raw.path.clone().into(), transactions, scan_interval_s: interval })
}

fn relays(raw: Option<&RawRelay>) -> Result<Relays, ConfigError> {
    match raw {
        None => Ok(Relays::Auto),
        Some(RawRelay::Word(word)) => match word.as_str() {
            "auto" => Ok(Relays::Auto),
            "off" => Ok(Relays::Off),
            _ => addresses("peer.relay", std::slice::from_ref(word)).map(Relays::At),
        },
        Some(RawRelay::Addresses(list)) => addresses("peer.relay", list).map(Relays::At),
    }
}

fn portal(text: &str) -> Result<Option<SocketAddr>, ConfigError> {
    if text == "off" {
        return Ok(None);
    }
    match SocketAddr::from_str(text) {
        Ok(address) if address.ip().is_loopback() => Ok(Some(address)),
        _ => Err(value("portal.listen", text)),
    }
}

fn addresses(key: &'static str, list: &[String]) -> Result<Vec<Multiaddr>, ConfigError> {
    list.iter().map(|text| text.parse().map_err(|_| value(key, text))).collect()
}

fn named(key: &'static str, text: &str) -> Result<String, ConfigError> {
    let chars = text.trim().chars().count();
    if (1..=NAME_CHARS_MAX).contains(&chars) && !text.chars().any(char::is_control) {
        Ok(text.trim().to_owned())
    } else {
        Err(value(key, text))
    }
}

fn one_of(key: &'static str, text: &str, words: &[&str]) -> Result<String, ConfigError> {
    if words.contains(&text) { Ok(text.to_owned()) } else { Err(value(key, text)) }
}

fn ranged(key: &'static str, given: Option<u64>, default: u64, min: u64, max: u64) -> Result<u64, ConfigError> {
    let number = given.unwrap_or(default);
    if (min..=max).contains(&number) { Ok(number) } else { Err(value(key, &number.to_string())) }
}

fn value(key: &'static str, text: &str) -> ConfigError {
    let range = super::keys::explain(key).map_or("something else", |key| key.range);
    ConfigError::Value { key: key.to_owned(), value: text.chars().take(80).collect(), range: range.to_owned() }
}

const PORTAL_LISTEN: &str = "127.0.0.1:8470";
const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];
const NAME_CHARS_MAX: usize = 100;
const FEED_NAME_CHARS_MAX: usize = 32;
/// Default of a feed's walk in seconds.
const SCAN_INTERVAL_S: u64 = 300;

#[cfg(test)]
mod tests {
    use super::super::preset::Preset;
    use super::super::raw::parse;
    use super::*;
    use figment::Figment;

    const FACILITY: &str =
        "[[facility]]\nid = \"1312345678\"\nname = \"みなと診療所\"\nclass = \"clinic\"\nauthority = \"1.2.3\"\n";

    fn read(text: &str) -> Result<Config, ConfigError> {
        parse(text, Figment::new())
    }
    #[track_caller]
    fn check_error(text: &str, expect: &str) {
        let error = read(text).expect_err("an error").to_string();
        assert!(error.contains(expect), "{error:?} should contain {expect:?}");
    }

    #[test]
    fn an_empty_file_is_a_clinic_with_the_defaults() {
        let config = read("").expect("fine");
        assert_eq!(config.raw.preset, Preset::Clinic);
        assert_eq!(config.cache_bytes, 16 << 20);
        assert_eq!(config.portal.map(|at| at.to_string()).as_deref(), Some("127.0.0.1:8470"));
        assert_eq!(config.relays, Relays::Auto);
    }
    #[test]
    fn a_facility_with_its_feed_is_read() {
        let text = format!("{FACILITY}[[facility.feed]]\npath = \"/mnt/ssmix2\"\n");
        let config = read(&text).expect("fine");
        assert_eq!(config.name, "みなと診療所");
        assert_eq!(config.facilities[0].feeds[0].scan_interval_s, 300);
    }
    #[test]
    fn a_wrong_key_names_the_nearest_right_one() {
        check_error("[portal]\nlisten_on = \"127.0.0.1:1\"\n", "did you mean `portal.listen`");
        check_error("[peer]\nrelais = \"auto\"\n", "did you mean `peer.relay`");
        check_error("[[facility]]\nnmae = \"x\"\n", "did you mean `facility.name`");
        check_error("[log]\nlevle = \"info\"\n", "did you mean `log.level`");
    }
    #[test]
    fn a_value_out_of_range_names_key_and_range() {
        check_error("[portal]\nlisten = \"0.0.0.0:80\"\n", "`portal.listen`");
        check_error("[limits]\ncache_mib = 1\n", "8 to 1024");
        check_error("[peer]\nlisten = [\"localhost:1\"]\n", "`peer.listen`");
        check_error(&FACILITY.replace("clinic", "clinique"), "visiting-nursing");
        check_error(&FACILITY.repeat(2), "twice");
    }
    #[test]
    fn row_126_no_toml_and_a_wrong_type_are_errors_with_the_place() {
        check_error("preset = ", "cannot be read");
        check_error("[limits]\ncache_mib = \"many\"\n", "cannot be read");
        check_error("preset = \"laptop\"\n", "cannot be read");
    }
    #[test]
    fn values_of_the_environment_lie_over_the_file() {
        let over = Figment::from(("limits.cache_mib", 32)).merge(("log.level", "debug"));
        let config = parse("[limits]\ncache_mib = 8\n", over).expect("fine");
        assert_eq!((config.cache_bytes, config.log_level.as_str()), (32 << 20, "debug"));
    }
    #[test]
    fn every_key_of_the_table_is_one_that_is_read() {
        let tree = serde_json::to_value(Raw {
            facility: vec![RawFacility { feed: vec![RawFeed::default()], ..RawFacility::default() }],
            ..Raw::default()
        });
        let tree = tree.expect("plain values");
        for key in super::super::keys::KEYS {
            let mut at = &tree;
            for part in key.key.split('.') {
                at = at.get(part).unwrap_or_else(|| panic!("{} is in the table only", key.key));
                if let Some(first) = at.get(0) {
                    at = first;
                }
            }
        }
        super::super::unknown::check(&tree).expect("every key that is read is in the table");
    }
}
