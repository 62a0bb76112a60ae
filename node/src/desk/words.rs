use super::Desk;
use crate::control::Who;
use crate::failure::Failure;
use protocol::ids::{FacilityId, NetworkId, PatientRef};
use protocol::kinds::{Coarse, Codes, FacilityClass, KindSet, Purpose, Role};
use protocol::time::{Date, Period};
use service::Staff;
use service::keys::Share;

/// Who acts, as a clerk if nobody says what they are.
pub fn staff(desk: &Desk, uid: u32, who: &Who) -> Result<Staff, Failure> {
    match account(desk, who)? {
        Some(staff) => Ok(staff),
        None => named(uid, who, who.role.unwrap_or(Role::Clerk)),
    }
}

/// Who reads; what they are must be known, since it decides what they get.
pub fn reader(desk: &Desk, uid: u32, who: &Who) -> Result<Staff, Failure> {
    if let Some(staff) = account(desk, who)? {
        return Ok(staff);
    }
    let role = who.role.ok_or_else(|| {
        Failure::usage("a read needs the reader's role: it is written into the holder's log and decides what comes")
            .next("add --role doctor (or nurse, pharmacist, …), or set MUSUBI_ROLE")
    })?;
    named(uid, who, role)
}

/// The administrator of this machine.
pub fn administrator(uid: u32) -> Result<Staff, Failure> {
    named(uid, &Who { staff: None, role: None }, Role::Administrator)
}

/// The member of staff that `--staff` names, with the role of their account. None: nobody was named, or the node has no accounts
/// yet, and what was typed is believed.
fn account(desk: &Desk, who: &Who) -> Result<Option<Staff>, Failure> {
    let accounts = desk.service().accounts();
    let Some(number) = who.staff.as_deref().filter(|_| !accounts.is_empty()) else { return Ok(None) };
    let staff = accounts.acting(number).ok_or_else(|| {
        Failure::refused(format!("no active member of staff has the number {number:?}"))
            .next("`musubi staff list` shows the numbers")
    })?;
    match who.role.filter(|role| *role != staff.role()) {
        Some(role) => Err(Failure::refused(format!("{number} is {}, not {role}", staff.role()))
            .next("leave --role away; the account says what somebody is")),
        None => Ok(Some(staff)),
    }
}

fn named(uid: u32, who: &Who, role: Role) -> Result<Staff, Failure> {
    let number = who.staff.clone().unwrap_or_else(|| format!("os-{uid}"));
    Staff::new(&number, role).map_err(Failure::usage)
}

/// A patient as lists show them: `p12`.
pub fn patient(text: &str) -> Result<PatientRef, Failure> {
    let number = text.strip_prefix('p').unwrap_or(text).parse().ok().filter(|number| *number > 0);
    number.map(PatientRef).ok_or_else(|| {
        Failure::usage(format!("{:?} is no patient of a list", text.chars().take(20).collect::<String>()))
            .next("`musubi patient find WORDS` lists patients as p1, p2, …")
    })
}

/// A network by name or the beginning of its id; without a text, the only one there is.
pub fn network(desk: &Desk, text: Option<&str>) -> Result<NetworkId, Failure> {
    let book = desk.service().book();
    let own = desk.service().networks();
    let known: Vec<(NetworkId, String)> = match text {
        Some(_) => book.networks().map(|(id, charter)| (id, charter.name.clone())).collect(),
        None => own.iter().map(|id| (*id, book.charter(*id).map(|c| c.name.clone()).unwrap_or_default())).collect(),
    };
    let fits =
        |(id, name): &&(NetworkId, String)| text.is_none_or(|text| name == text || is_prefix(text, &id.to_string()));
    let found: Vec<_> = known.iter().filter(fits).collect();
    match found.as_slice() {
        [(only, _)] => Ok(*only),
        [] => match text.and_then(|text| NetworkId::parse(text).ok()) {
            Some(id) => Ok(id),
            None if text.is_none() => Err(Failure::refused("this node is in no network yet")
                .next("found one with `musubi founders draft`, or join one with `musubi join INVITE`")),
            None => Err(Failure::usage(format!("no network {:?} is known here", text.unwrap_or_default()))
                .next(format!("known are: {}", names(&known)))),
        },
        _ => {
            Err(Failure::usage("more than one network fits")
                .next(format!("name one with --network: {}", names(&known))))
        }
    }
}

fn names(known: &[(NetworkId, String)]) -> String {
    if known.is_empty() {
        return "none".into();
    }
    known.iter().map(|(id, name)| format!("{name} ({:.8})", id.to_string())).collect::<Vec<_>>().join(", ")
}

/// Addresses at which nodes are met, as they are typed; each names the node that it leads to.
pub fn contacts(list: Vec<String>) -> Result<Vec<String>, Failure> {
    let leads_to_node = |text: &String| {
        text.parse::<peer::Multiaddr>().is_ok_and(|at| peer::path_kind(&at).is_some() && peer::target_of(&at).is_some())
    };
    match list.iter().find(|text| !leads_to_node(text)) {
        Some(odd) => Err(Failure::usage(format!("{odd:?} is no address of a node"))
            .next("write /dns4/NAME/udp/PORT/quic-v1/p2p/PEER-ID, or with /ip4/ADDRESS or /tcp/PORT; `musubi status` shows the peer id")),
        None => Ok(list),
    }
}

/// A facility of this node; without a text, the only one there is.
pub fn own_facility(desk: &Desk, text: Option<&str>) -> Result<FacilityId, Failure> {
    let own: Vec<FacilityId> = desk.config().facilities.into_iter().map(|facility| facility.id).collect();
    let list = || own.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (text, own.as_slice()) {
        (Some(text), _) => {
            let wanted = FacilityId::parse(text)?;
            let found = own.iter().find(|id| **id == wanted).cloned();
            found.ok_or_else(|| {
                Failure::usage(format!("facility {wanted} is not set up on this node"))
                    .next(format!("here are: {}", list()))
            })
        }
        (None, [only]) => Ok(only.clone()),
        (None, []) => {
            Err(Failure::refused("no facility is set up on this node").next("set one up with `musubi setup`"))
        }
        (None, _) => Err(Failure::usage("this node has more than one facility")
            .next(format!("name one with --facility: {}", list()))),
    }
}

/// Facilities anywhere.
pub fn facilities(list: &[String]) -> Result<Vec<FacilityId>, Failure> {
    list.iter().map(|text| FacilityId::parse(text).map_err(Failure::from)).collect()
}

/// Kinds; nothing or `*` is all.
pub fn kinds(list: &[String]) -> Result<KindSet, Failure> {
    if is_all(list) {
        return Ok(KindSet::ALL);
    }
    let read = |text: &String| {
        Coarse::parse(text).ok_or_else(|| vocabulary("kind of record", text, Coarse::ALL.iter().map(|k| k.word())))
    };
    Ok(KindSet::of(&list.iter().map(read).collect::<Result<Vec<_>, _>>()?))
}

/// Roles; nothing or `*` is `usual`.
pub fn roles(list: &[String], usual: Codes) -> Result<Codes, Failure> {
    codes(list, usual, "role", |text| Role::parse(text).map(Role::code), Role::ALL.iter().map(|item| item.word()))
}

/// Purposes; nothing is `usual`.
pub fn purposes(list: &[String], usual: Codes) -> Result<Codes, Failure> {
    let words = Purpose::ALL.iter().map(|item| item.word());
    codes(list, usual, "purpose", |text| Purpose::parse(text).map(Purpose::code), words)
}

/// Classes of facilities; nothing is `usual`.
pub fn classes(list: &[String], usual: Codes) -> Result<Codes, Failure> {
    let words = FacilityClass::ALL.iter().map(|item| item.word());
    codes(list, usual, "class of facilities", |text| FacilityClass::parse(text).map(FacilityClass::code), words)
}

fn codes<'a>(
    list: &[String],
    usual: Codes,
    what: &str,
    parse: impl Fn(&str) -> Option<u8>,
    words: impl Iterator<Item = &'a str>,
) -> Result<Codes, Failure> {
    if is_all(list) {
        return Ok(usual);
    }
    let words: Vec<&str> = words.collect();
    let read = |text: &String| parse(text).ok_or_else(|| vocabulary(what, text, words.iter().copied()));
    Ok(Codes::of(list.iter().map(read).collect::<Result<Vec<_>, _>>()?))
}

/// One purpose.
pub fn purpose(text: &str) -> Result<Purpose, Failure> {
    Purpose::parse(text).ok_or_else(|| vocabulary("purpose", text, Purpose::ALL.iter().map(|item| item.word())))
}

/// Dates `YYYYMMDD`, both ends included.
pub fn period(from: Option<&str>, to: Option<&str>) -> Result<Period, Failure> {
    let date = |text: &str| {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        Date::parse(&digits)
            .ok_or_else(|| Failure::usage(format!("{text:?} is no date")).next("write YYYYMMDD, such as 20250401"))
    };
    Ok(Period { from: from.map(date).transpose()?, to: to.map(date).transpose()? })
}

/// The texts of founders' share files.
pub fn shares(texts: &[String]) -> Result<Vec<Share>, Failure> {
    texts.iter().map(|text| Share::parse(text)).collect::<Result<_, _>>().map_err(|why| {
        Failure::usage(format!("a share file cannot be read: {why}"))
            .next("name the file that `musubi founders share` wrote")
    })
}

/// The one of `all` whose printed name begins with `text`.
pub fn by_prefix<T>(what: &str, text: &str, all: Vec<(String, T)>) -> Result<T, Failure> {
    let text = text.trim();
    let count = all.iter().filter(|(name, _)| is_prefix(text, name)).count();
    let found = all.into_iter().find(|(name, _)| is_prefix(text, name));
    match (found, count) {
        (Some((_, one)), 1) => Ok(one),
        (Some(_), _) => Err(Failure::usage(format!("{count} {what}s begin with {text:?}")).next("type more of the id")),
        (None, _) => {
            Err(Failure::refused(format!("no {what} here begins with {:?}", text.chars().take(64).collect::<String>()))
                .next("list what there is and try again"))
        }
    }
}

/// Short beginnings of an id fit too many things.
fn is_prefix(text: &str, name: &str) -> bool {
    text.len() >= PREFIX_CHARS_MIN && name.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text))
}

fn is_all(list: &[String]) -> bool {
    list.is_empty() || list.iter().any(|text| text == "*")
}

/// A word that is none of the vocabulary.
pub fn vocabulary<'a>(what: &str, text: &str, words: impl Iterator<Item = &'a str>) -> Failure {
    let words: Vec<&str> = words.collect();
    let shown: String = text.chars().take(40).collect();
    Failure::usage(format!("{shown:?} is no {what}")).next(format!("use {}", words.join(", ")))
}

const PREFIX_CHARS_MIN: usize = 4;
