//! An authenticator of a few lines answers as real ones do; then each part of its answer is bent.
use super::check::{Expected, counted, described};
use super::cose::{PublicKey, Reader};
use super::*;
use crate::staff::Reset;
use crate::staff::tests::{Door, PASSWORD, device};
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use sha2::{Digest, Sha256};

fn party() -> RelyingParty {
    RelyingParty { id: "localhost".into(), origin: "http://localhost:8470".into() }
}

/// A key in software, with what its answers say.
struct Key {
    pair: EcdsaKeyPair,
    id: Vec<u8>,
    counter: u32,
    flags: u8,
    party: &'static str,
    origin: &'static str,
}

impl Key {
    fn new(id: u8) -> Self {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let secret = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("random");
        let pair = EcdsaKeyPair::from_pkcs8(kind, secret.as_ref(), &random).expect("a key");
        let (party, origin) = ("localhost", "http://localhost:8470");
        Self { pair, id: vec![id; 20], counter: 1, flags: 0x05, party, origin }
    }
    fn cose(&self) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        let head = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32];
        [&head[..], &point[1..33], &[0x22, 0x58, 32], &point[33..]].concat()
    }
    fn data(&self, made: Option<&[u8]>) -> Vec<u8> {
        let flags = self.flags | if made.is_some() { 0x40 } else { 0 };
        let mut data = [Sha256::digest(self.party.as_bytes()).as_slice(), &[flags]].concat();
        data.extend(self.counter.to_be_bytes());
        if let Some(key) = made {
            data.extend([0; 16]);
            data.extend(u16::try_from(self.id.len()).expect("short").to_be_bytes());
            data.extend(&self.id);
            data.extend(key);
        }
        data
    }
    fn client(&self, kind: &str, challenge: &str) -> Vec<u8> {
        let origin = self.origin;
        format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#).into_bytes()
    }
    fn make(&self, challenge: &str) -> PasskeyAnswer {
        let (client, data) = (self.client("webauthn.create", challenge), self.data(Some(&self.cose())));
        PasskeyAnswer { client: b64(&client), data: b64(&data), ..PasskeyAnswer::default() }
    }
    fn sign(&self, challenge: &str) -> PasskeyAnswer {
        let (client, data) = (self.client("webauthn.get", challenge), self.data(None));
        let message = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &message).expect("signed");
        PasskeyAnswer { id: b64(&self.id), client: b64(&client), data: b64(&data), signature: b64(signature.as_ref()) }
    }
}

fn b64(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// The doctor of the house, signed in, with this passkey.
fn with_passkey(door: &Door, key: &Key) -> Visitor {
    let (entered, _) = door.doctor(&device(1));
    let visitor = door.visitor(&entered, &device(1));
    add(door, &visitor, key, "机の鍵").expect("added");
    visitor
}

fn add(door: &Door, visitor: &Visitor, key: &Key, name: &str) -> Result<(), Refusal> {
    let ask = door.accounts().ask_passkey(visitor).expect("asked");
    let answer = key.make(&ask.challenge);
    let new = NewPasskey { password: PASSWORD, name, answer: &answer };
    door.accounts().add_passkey(visitor, &new, &device(1), &party())
}

/// Login and password, then what the page asks.
fn half_in(door: &Door) -> (Visitor, Option<PasskeyAsk>) {
    let entered = door.accounts().log_in(&door.attempt("d-1", PASSWORD, &device(1))).expect("the password");
    let visitor = door.visitor(&entered, &device(1));
    let ask = door.accounts().ask_passkey(&visitor);
    (visitor, ask)
}

fn come_in(door: &Door, answer: impl FnOnce(&str) -> PasskeyAnswer) -> Result<Stage, Refusal> {
    let (visitor, ask) = half_in(door);
    let answer = answer(&ask.map_or(String::new(), |ask| ask.challenge));
    door.accounts().second_by_passkey(&visitor, &answer, &device(1), &party()).map(|entered| entered.stage)
}

fn alarms(door: &Door) -> usize {
    door.told(What::LoginRefused).iter().filter(|event| event.note.contains("alarm")).count()
}

#[test]
fn a_passkey_is_added_used_beside_the_app_and_removed() {
    let (door, mut key) = (Door::new(), Key::new(7));
    let visitor = with_passkey(&door, &key);
    assert_eq!(add(&door, &visitor, &key, "again"), Err(Refusal::Passkey(PasskeyFault::Taken)));
    add(&door, &visitor, &Key::new(8), "引き出し").expect("a second one");
    let rows = door.accounts().own(&visitor).expect("own").passkeys;
    assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["机の鍵", "引き出し"]);
    for counter in [5, 6, 90] {
        key.counter = counter;
        assert_eq!(come_in(&door, |challenge| key.sign(challenge)), Ok(Stage::In));
    }
    let wrong = door.accounts().remove_passkey(&visitor, "not this", &rows[0].id, &device(1));
    assert_eq!(wrong, Err(Refusal::Wrong));
    door.accounts().remove_passkey(&visitor, PASSWORD, &rows[0].id, &device(1)).expect("removed");
    assert_eq!(come_in(&door, |challenge| key.sign(challenge)), Err(Refusal::Passkey(PasskeyFault::Unknown)));
    let again = door.accounts().remove_passkey(&visitor, PASSWORD, &rows[0].id, &device(1));
    assert_eq!(again, Err(Refusal::Passkey(PasskeyFault::Unknown)));
}

#[test]
fn row_66_wrong_origin_and_cloned_counter_are_refused_with_an_alarm() {
    let (door, mut key) = (Door::new(), Key::new(7));
    with_passkey(&door, &key);
    key.origin = "http://localhost:8471";
    key.counter = 2;
    assert_eq!(come_in(&door, |challenge| key.sign(challenge)), Err(Refusal::Passkey(PasskeyFault::Origin)));
    (key.origin, key.party) = ("http://localhost:8470", "evil.example");
    assert_eq!(come_in(&door, |challenge| key.sign(challenge)), Err(Refusal::Passkey(PasskeyFault::Party)));
    key.party = "localhost";
    assert_eq!(alarms(&door), 2);
    key.counter = 9;
    assert_eq!(come_in(&door, |challenge| key.sign(challenge)), Ok(Stage::In), "what was refused changed nothing");
    key.counter = 9;
    assert_eq!(come_in(&door, |challenge| key.sign(challenge)), Err(Refusal::Passkey(PasskeyFault::Counter)));
    assert_eq!(alarms(&door), 3);
    key.counter = 100;
    assert!(half_in(&door).1.is_none(), "nobody is asked for a passkey that is blocked");
    assert!(come_in(&door, |challenge| key.sign(challenge)).is_err(), "neither the copy nor the original");
}

#[test]
fn an_answer_counts_once_for_its_challenge_its_session_and_its_kind() {
    let (door, key) = (Door::new(), Key { counter: 0, ..Key::new(7) });
    let signed_in = with_passkey(&door, &key);
    let (visitor, ask) = half_in(&door);
    let challenge = ask.expect("asked").challenge;
    let answer = key.sign(&challenge);
    let second = |visitor: &Visitor, answer: &PasskeyAnswer| {
        door.accounts().second_by_passkey(visitor, answer, &device(1), &party()).map(|entered| entered.stage)
    };
    let not_open = Err(Refusal::Passkey(PasskeyFault::Challenge));
    let (other, _) = half_in(&door);
    assert_eq!(second(&other, &answer), not_open, "another session");
    assert_eq!(second(&visitor, &answer), Ok(Stage::In));
    assert_eq!(second(&visitor, &answer), Err(Refusal::Ended), "that session is over");
    assert_eq!(come_in(&door, |_| answer.clone()), not_open, "replayed");
    assert_eq!(come_in(&door, |challenge| key.make(challenge)), Err(Refusal::Passkey(PasskeyFault::Form)));
    let made = |challenge: &str| PasskeyAnswer { id: b64(&key.id), ..key.make(challenge) };
    assert_eq!(come_in(&door, made), Err(Refusal::Passkey(PasskeyFault::Kind)));
    let late = |challenge: &str| {
        door.clock.advance(crate::limits::CHALLENGE_MS);
        key.sign(challenge)
    };
    door.clock.advance(protocol::time::HOUR_MS);
    assert!(come_in(&door, late).is_err(), "too late");
    let _ = signed_in;
}

#[test]
fn an_authenticator_that_verified_nobody_is_refused() {
    let (door, mut key) = (Door::new(), Key::new(7));
    with_passkey(&door, &key);
    for (flags, fault) in [(0x00, PasskeyFault::Absent), (0x04, PasskeyFault::Absent), (0x01, PasskeyFault::Unverified)]
    {
        (key.flags, key.counter) = (flags, key.counter + 1);
        assert_eq!(come_in(&door, |challenge| key.sign(challenge)), Err(Refusal::Passkey(fault)), "{flags}");
    }
    // Wrong answers count as guesses, and the next has to wait.
    door.clock.advance(crate::limits::LOGIN_WAIT_MS_MAX);
    let forged = Key { counter: 50, ..Key::new(7) };
    let slowly = |challenge: &str| {
        door.clock.advance(10_000);
        forged.sign(challenge)
    };
    assert_eq!(come_in(&door, slowly), Err(Refusal::Passkey(PasskeyFault::Signature)));
}

#[test]
fn a_reset_of_the_factor_takes_passkeys_away_and_nobody_adds_one_without_password() {
    let (door, key) = (Door::new(), Key::new(7));
    let visitor = with_passkey(&door, &key);
    let ask = door.accounts().ask_passkey(&visitor).expect("asked");
    let answer = Key::new(9).make(&ask.challenge);
    let new = NewPasskey { password: "not this", name: "x", answer: &answer };
    assert_eq!(door.accounts().add_passkey(&visitor, &new, &device(1), &party()), Err(Refusal::Wrong));
    let new = NewPasskey { password: PASSWORD, ..new };
    let over = door.accounts().add_passkey(&visitor, &new, &device(1), &party());
    assert_eq!(over, Err(Refusal::Passkey(PasskeyFault::Challenge)), "its challenge went with the wrong password");
    for name in ["", " ", "a\u{202e}b", &"長".repeat(81)] {
        assert_eq!(add(&door, &visitor, &Key::new(9), name), Err(Refusal::Passkey(PasskeyFault::Name)), "{name:?}");
    }
    door.accounts().reset(&door.admin(), visitor.number, Reset::PasswordAndFactor).expect("reset");
    assert!(held(&door.house.service.view(), &door.accounts().key_of_text("d-1")).is_empty());
}

#[test]
fn a_person_has_so_many_passkeys_and_no_more() {
    let (door, key) = (Door::new(), Key::new(0));
    let visitor = with_passkey(&door, &key);
    for n in 1..PASSKEYS_OF_ONE_MAX {
        add(&door, &visitor, &Key::new(u8::try_from(n).expect("few")), "鍵").expect("room");
    }
    assert_eq!(add(&door, &visitor, &Key::new(99), "鍵"), Err(Refusal::Passkey(PasskeyFault::Full)));
}

#[test]
fn an_answer_cut_anywhere_or_longer_is_refused_and_nothing_is_kept() {
    let key = Key::new(7);
    let (challenge, party) = ([3; 32], party());
    let expected = Expected { challenge: &challenge, party: &party };
    let whole = key.make(&b64(&challenge));
    let made = described(&expected, &whole).expect("whole");
    assert_eq!((made.id, made.counter), (key.id.clone(), 1));
    let (data, client) = (key.data(Some(&key.cose())), key.client("webauthn.create", &b64(&challenge)));
    for end in 0..data.len() {
        let cut = PasskeyAnswer { data: b64(&data[..end]), ..whole.clone() };
        assert!(described(&expected, &cut).is_err(), "cut at {end}");
    }
    for end in 0..client.len() {
        let cut = PasskeyAnswer { client: b64(&client[..end]), ..whole.clone() };
        assert_eq!(described(&expected, &cut), Err(PasskeyFault::Form), "client cut at {end}");
    }
    let long = PasskeyAnswer { data: b64(&[&data[..], &[0]].concat()), ..whole.clone() };
    assert_eq!(described(&expected, &long), Err(PasskeyFault::Form));
    let odd = PasskeyAnswer { data: "not base64!".into(), ..whole };
    assert_eq!(described(&expected, &odd), Err(PasskeyFault::Form));
    let used = counted(&expected, &PublicKey::Es256(vec![4; 65]), &key.sign(&b64(&challenge)));
    assert_eq!(used, Err(PasskeyFault::Signature), "a point beside the curve");
}

#[test]
fn keys_of_the_three_kinds_are_read_and_others_are_not() {
    let read = |bytes: &[u8]| PublicKey::read(&mut Reader::new(bytes));
    let random = SystemRandom::new();
    let pair = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).expect("random").as_ref());
    let pair = pair.expect("a key");
    let cose = [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32][..], pair.public_key().as_ref()].concat();
    let key = read(&cose).expect("Ed25519");
    assert!(key.signed(b"m", pair.sign(b"m").as_ref()) && !key.signed(b"n", pair.sign(b"m").as_ref()));
    let rsa = [&[0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0][..], &[0xc1; 256], &[0x21, 0x43, 1, 0, 1]].concat();
    assert!(matches!(read(&rsa), Ok(PublicKey::Rs256(n, e)) if n.len() == 256 && e == [1, 0, 1]));
    let twice = [&[0xa3, 1, 1, 1, 1, 3, 0x27][..]].concat();
    let endless = [0xbf, 1, 2, 0xff];
    let deep = [&[0xa1, 9][..], &[0x81; 40], &[0]].concat();
    let many = [0xb8, 200];
    let long = [0xa1, 1, 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    for odd in [&twice[..], &endless, &deep, &many, &long, &[], &[0xa0], &[0x01]] {
        assert!(read(odd).is_err(), "{odd:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_bring_the_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = PublicKey::read(&mut Reader::new(&bytes));
        let (challenge, party) = ([3; 32], party());
        let key = Key::new(7);
        let data = [&key.data(None)[..32], &[0xc5], &bytes].concat();
        let answer = PasskeyAnswer { data: b64(&data), ..key.make(&b64(&challenge)) };
        let made = described(&Expected { challenge: &challenge, party: &party }, &answer);
        prop_assert!(made.is_err());
    }
}
