//! From a form to a statement. What a box may say is fixed here; whether it may be said, the service checks once more.
use crate::forms::Fields;
use crate::pages::ConsentFault;
use protocol::consent::{Holders, LegalBase, Networks, Readers, Stance, WithdrawalScope};
use protocol::ids::{FacilityId, NetworkId, PatientRef};
use protocol::kinds::{Coarse, Codes, FacilityClass, KindSet, Purpose, Role};
use protocol::time::Millis;
use service::consents::ConsentSpec;
use service::papers::{Paper, Proxy};

/// A consent, or a no.
pub fn consent(patient: PatientRef, fields: &Fields, now: Millis) -> Result<ConsentSpec, ConsentFault> {
    let broad = ConsentSpec::broad(patient);
    let is_no = fields.text("stance") == Stance::Deny.word();
    let readers = readers(fields)?;
    let networks: Vec<NetworkId> = all(fields, "network", |text| NetworkId::parse(text).ok());
    let kinds = kinds(fields)?;
    let codes = |name: &str, code: &dyn Fn(&str) -> Option<u8>| Codes::of(all(fields, name, code));
    let (roles, purposes) = match is_no {
        // Who says no says it to everybody there and for whatever purpose.
        true => (
            Codes::of(Role::ALL.iter().map(|role| role.code())),
            Codes::of(Purpose::ALL.iter().map(|purpose| purpose.code())),
        ),
        false => (
            codes("role", &|text| Role::parse(text).map(Role::code)),
            codes("purpose", &|text| Purpose::parse(text).map(Purpose::code)),
        ),
    };
    if roles.is_empty() || purposes.is_empty() {
        return Err(ConsentFault::Staff);
    }
    Ok(ConsentSpec {
        stance: if is_no { Stance::Deny } else { Stance::Permit },
        readers,
        networks: if networks.is_empty() { Networks::All } else { Networks::List(networks) },
        holders: holders(fields),
        kinds,
        roles,
        purposes,
        to: until(fields.text("until"), now)?,
        base: base(fields),
        text_version: version(fields.text("version")),
        even_in_emergency: is_no && fields.is_on("even_in_emergency"),
        ..broad
    })
}

fn all<T>(fields: &Fields, name: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
    fields.all(name).filter_map(read).collect()
}

fn readers(fields: &Fields) -> Result<Readers, ConsentFault> {
    let list: Vec<FacilityId> = all(fields, "reader", |text| FacilityId::parse(text).ok());
    if fields.text("who") == "list" {
        return if list.is_empty() { Err(ConsentFault::Who) } else { Ok(Readers::List(list)) };
    }
    let classes = Codes::of(all(fields, "class", |text| FacilityClass::parse(text).map(FacilityClass::code)));
    let except: Vec<FacilityId> = all(fields, "except", |text| FacilityId::parse(text).ok());
    match (classes.is_empty(), except.is_empty()) {
        (true, _) => Err(ConsentFault::Who),
        (false, true) => Ok(Readers::All { classes }),
        (false, false) => Ok(Readers::AllBut { classes, except }),
    }
}

fn holders(fields: &Fields) -> Holders {
    let list: Vec<FacilityId> = all(fields, "holder", |text| FacilityId::parse(text).ok());
    if list.is_empty() { Holders::All } else { Holders::List(list) }
}

fn kinds(fields: &Fields) -> Result<KindSet, ConsentFault> {
    let kinds: Vec<Coarse> = all(fields, "kind", Coarse::parse);
    if kinds.is_empty() { Err(ConsentFault::Kinds) } else { Ok(KindSet::of(&kinds)) }
}

/// The moment after the last day, in Japan. A day is typed in either calendar.
fn until(text: &str, now: Millis) -> Result<Option<Millis>, ConsentFault> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = service::patients::Query::new(text).birth_date().ok_or(ConsentFault::Until)?;
    let end = day.start_jst().plus(protocol::time::DAY_MS);
    if end <= now { Err(ConsentFault::Until) } else { Ok(Some(end)) }
}

fn base(fields: &Fields) -> LegalBase {
    if fields.text("signer") == "proxy" { LegalBase::Proxy } else { LegalBase::Signed }
}

fn version(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(VERSION_CHARS_MAX).collect()
}

/// Who speaks for the patient, if somebody does.
pub fn proxy(fields: &Fields) -> Option<Proxy> {
    let text = |name| fields.text(name).to_owned();
    (fields.text("signer") == "proxy").then(|| Proxy { name: text("proxy_name"), relation: text("proxy_relation") })
}

/// What stands behind a statement: a stroke, a scan, or the word of who took it.
pub fn paper(fields: &Fields) -> Result<Paper, ConsentFault> {
    if let Some(drawing) = super::stroke::drawing(fields.text("stroke")) {
        return Ok(Paper::Stroke(drawing));
    }
    if let Some(bytes) = fields.file() {
        return Ok(Paper::Scan(bytes.to_vec()));
    }
    if fields.is_on("attested") { Ok(Paper::Attested) } else { Err(ConsentFault::Paper) }
}

/// What is taken back, and on which form.
pub struct Leaving {
    /// How much of it.
    pub scope: WithdrawalScope,
    /// Which form was signed.
    pub version: String,
    /// Not even in an emergency.
    pub even_in_emergency: bool,
}

/// A withdrawal.
pub fn withdrawal(fields: &Fields) -> Result<Leaving, ConsentFault> {
    let why = fields.text("why");
    if why == "death" && fields.file().is_none() {
        return Err(ConsentFault::DeathPaper);
    }
    let version = match why {
        "death" => crate::pages::DEATH_VERSION.to_owned(),
        "leave" => crate::pages::LEAVE_VERSION.to_owned(),
        _ => crate::pages::TEXT_VERSIONS[0].to_owned(),
    };
    let scope = match (why, fields.text("scope")) {
        ("death", _) => WithdrawalScope::Everything,
        (_, "network") => {
            let network = NetworkId::parse(fields.text("network")).map_err(|_| ConsentFault::Who)?;
            WithdrawalScope::Network(network)
        }
        (_, "readers") => {
            let list: Vec<FacilityId> = all(fields, "reader", |text| FacilityId::parse(text).ok());
            if list.is_empty() {
                return Err(ConsentFault::Who);
            }
            WithdrawalScope::Readers(list)
        }
        (_, "kinds") => WithdrawalScope::Kinds(kinds(fields)?),
        _ => WithdrawalScope::Everything,
    };
    if !fields.is_on("sure") {
        return Err(ConsentFault::Sure);
    }
    Ok(Leaving { scope, version, even_in_emergency: why == "death" || fields.is_on("even_in_emergency") })
}

const VERSION_CHARS_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::time::Date;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
    const NOW: Millis = Millis(1_795_311_720_000);

    #[test]
    fn row_68_a_form_says_what_it_says_and_nothing_more() {
        let good =
            [("who", "classes"), ("class", "hospital"), ("kind", "lab"), ("role", "doctor"), ("purpose", "treatment")];
        let spec = consent(PatientRef(1), &fields(&good), NOW).expect("a consent");
        assert_eq!((spec.kinds, spec.to), (KindSet::of(&[Coarse::Lab]), None));
        // What no box says is dropped, not guessed.
        let odd = [&good[..], &[("kind", "everything"), ("role", "root"), ("class", "*")]].concat();
        assert_eq!(consent(PatientRef(1), &fields(&odd), NOW).expect("a consent"), spec);
        let without = |name: &str| {
            consent(PatientRef(1), &fields(&good.into_iter().filter(|(own, _)| *own != name).collect::<Vec<_>>()), NOW)
        };
        assert_eq!(without("class"), Err(ConsentFault::Who));
        assert_eq!(without("kind"), Err(ConsentFault::Kinds));
        assert_eq!(without("role"), Err(ConsentFault::Staff));
    }
    #[test]
    fn row_90_the_day_of_the_end_is_read_in_both_calendars_and_is_not_over() {
        let end = |text: &str| until(text, NOW);
        assert_eq!(end(""), Ok(None));
        let day = Date::new(2030, 3, 31).expect("a day").start_jst().plus(protocol::time::DAY_MS);
        for text in ["2030-03-31", "20300331", "2030/3/31", "R12.3.31", "令和12年3月31日"] {
            assert_eq!(end(text), Ok(Some(day)), "{text}");
        }
        assert_eq!(end("2020-03-31"), Err(ConsentFault::Until));
        for odd in ["soon", "2030-03-31 or 2031", "about 20300331"] {
            assert_eq!(end(odd), Err(ConsentFault::Until), "{odd}");
        }
    }
    #[test]
    fn a_death_takes_back_everything_and_needs_its_paper() {
        let form = fields(&[("why", "death"), ("scope", "kinds"), ("sure", "yes")]);
        assert_eq!(withdrawal(&form).err(), Some(ConsentFault::DeathPaper));
        assert_eq!(withdrawal(&fields(&[("why", "wish")])).err(), Some(ConsentFault::Sure));
        let leave = withdrawal(&fields(&[("why", "leave"), ("sure", "yes")])).expect("leaving");
        assert_eq!((leave.scope, leave.even_in_emergency), (WithdrawalScope::Everything, false));
    }
}
