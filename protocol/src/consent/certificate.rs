//! The certificate of a withdrawal (撤回証明): which nodes had something of the patient's, and when each obeyed. It is checked
//! from its file alone: the holder signed the whole, each reader its own word that copies are gone.
use crate::crypto::{Crypto, Secret, Signature, domain};
use crate::ids::{FacilityId, Hash, NodeKey, ReceiptId, RequestId};
use crate::limits::{CERTIFICATE_BYTES_MAX, CERTIFICATE_NODES_MAX, FETCHES_MAX};
use crate::time::Millis;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// What a node has of the announcement (index) that was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Announced {
    /// It never was of those who get it.
    Never,
    /// It has not shown yet that it follows the newer announcement; it must before it locates with it again.
    Open,
    /// It showed then that it follows.
    Obeyed(Millis),
}

/// What a node has of copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Copied {
    /// It never had any that were still allowed.
    Never,
    /// It was told, or will be when it is back; the copies end by themselves then.
    Open {
        /// When the last of them ends.
        until: Millis,
    },
    /// It said then that they are gone.
    Gone(Millis),
}

/// A reader's signed word that copies are gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgetting {
    /// When, by the reader's clock.
    pub at: Millis,
    /// Which reads brought them.
    pub requests: Vec<RequestId>,
    /// By the reader's node, over holder's node, moment and reads.
    pub signature: Signature,
}

impl Forgetting {
    /// Signs it at the reader.
    pub fn sign(crypto: &dyn Crypto, key: &Secret, holder: &NodeKey, at: Millis, requests: Vec<RequestId>) -> Self {
        let signature = crypto.sign(key, &bytes_of(holder, at, &requests));
        Self { at, requests, signature }
    }
    /// Whether this reader's node said so to this holder's node.
    pub fn verify(&self, crypto: &dyn Crypto, reader: &NodeKey, holder: &NodeKey) -> bool {
        crypto.verify(&(*reader).into(), &bytes_of(holder, self.at, &self.requests), &self.signature)
    }
}

fn bytes_of(holder: &NodeKey, at: Millis, requests: &[RequestId]) -> Vec<u8> {
    let all: Vec<u8> = requests.iter().flat_map(|request| request.0).collect();
    domain("forgotten", &[&holder.0, &at.0.to_be_bytes(), &all])
}

/// One node that was concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertifiedNode {
    /// Its key.
    pub node: NodeKey,
    /// Its facilities then.
    pub facilities: Vec<FacilityId>,
    /// The announcement.
    pub announced: Announced,
    /// Copies.
    pub copied: Copied,
    /// What it signed.
    pub words: Vec<Forgetting>,
}

impl CertifiedNode {
    /// Whether nothing of the withdrawn is left there at `now`; copies also end by themselves.
    pub fn has_obeyed(&self, now: Millis) -> bool {
        self.announced != Announced::Open && !matches!(self.copied, Copied::Open { until } if until > now)
    }
}

/// The certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose records.
    pub holder: FacilityId,
    /// The node that signs.
    pub holder_node: NodeKey,
    /// The patient's statement.
    pub receipt: ReceiptId,
    /// Hash of the statement as the holder keeps it.
    pub statement: Hash,
    /// From when on the holder obeys: the statement was on its disk.
    pub withdrawn_at: Millis,
    /// Where it stands in the holder's log; `musubi audit prove` proves it.
    pub leaf: u64,
    /// When the certificate was made.
    pub made_at: Millis,
    /// Every node that was concerned.
    pub nodes: Vec<CertifiedNode>,
}

/// Why a certificate proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not in its form.
    #[error("this is no withdrawal certificate of this version, or it was cut or changed in copying (line {0})")]
    Format(usize),
    /// The holder did not sign it.
    #[error("the holder's node did not sign this certificate: the file was changed")]
    Holder,
    /// A reader did not say what stands there.
    #[error("node {0} did not sign that its copies are gone: the file was changed")]
    Reader(NodeKey),
    /// Copies that are said to be gone without a word of who had them.
    #[error("node {0} is said to have dropped its copies, but its signature is missing")]
    Unsigned(NodeKey),
}

impl Certificate {
    /// Whether nothing is open at any node.
    pub fn is_complete(&self) -> bool {
        self.nodes.iter().all(|node| node.has_obeyed(self.made_at))
    }
    /// The file, signed by the holder's node.
    pub fn to_text(&self, crypto: &dyn Crypto, key: &Secret) -> String {
        let body = self.body();
        let signature = crypto.sign(key, &domain(DOMAIN, &[body.as_bytes()]));
        format!("{body}signature {}\n", HEXLOWER.encode(&signature.0))
    }
    fn body(&self) -> String {
        let mut out = format!(
            "{MAGIC}\nholder {}\nholder-node {}\nreceipt {}\nstatement {}\nwithdrawn {}\nleaf {}\nmade {}\ncomplete {}\n",
            self.holder,
            self.holder_node,
            self.receipt,
            self.statement,
            self.withdrawn_at.0,
            self.leaf,
            self.made_at.0,
            if self.is_complete() { "yes" } else { "no" }
        );
        for row in &self.nodes {
            let facilities: Vec<String> = row.facilities.iter().map(ToString::to_string).collect();
            let facilities = if facilities.is_empty() { "-".to_owned() } else { facilities.join(",") };
            let announced = match row.announced {
                Announced::Never => "never".to_owned(),
                Announced::Open => "open".to_owned(),
                Announced::Obeyed(at) => at.0.to_string(),
            };
            let copied = match row.copied {
                Copied::Never => "never".to_owned(),
                Copied::Open { until } => format!("open-until-{}", until.0),
                Copied::Gone(at) => at.0.to_string(),
            };
            out.push_str(&format!("node {} of {facilities} announced {announced} copies {copied}\n", row.node));
            for word in &row.words {
                let requests: Vec<String> = word.requests.iter().map(ToString::to_string).collect();
                let signature = HEXLOWER.encode(&word.signature.0);
                out.push_str(&format!("said {} {} {signature}\n", word.at.0, requests.join(",")));
            }
        }
        out
    }
    /// Reads a file and checks every signature in it. Whose the keys are must be known from elsewhere.
    ///
    /// # Errors
    /// [`CertificateError`] naming the first thing that does not fit; then nothing is proven.
    pub fn verify(text: &str, crypto: &dyn Crypto) -> Result<Self, CertificateError> {
        if text.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::Format(0));
        }
        let certificate = parse(text)?;
        let at = text.rfind("signature ").ok_or(CertificateError::Format(0))?;
        let (body, line) = text.split_at(at);
        let signature = line.trim_end().strip_prefix("signature ").and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok());
        let signature = signature.and_then(|bytes| Signature::from_slice(&bytes)).ok_or(CertificateError::Holder)?;
        // What was read must be all that was signed: the body is written anew and compared.
        if certificate.body() != body {
            return Err(CertificateError::Format(0));
        }
        if !crypto.verify(&certificate.holder_node.into(), &domain(DOMAIN, &[body.as_bytes()]), &signature) {
            return Err(CertificateError::Holder);
        }
        for row in &certificate.nodes {
            if row.words.iter().any(|word| !word.verify(crypto, &row.node, &certificate.holder_node)) {
                return Err(CertificateError::Reader(row.node));
            }
            if matches!(row.copied, Copied::Gone(_)) && row.words.is_empty() {
                return Err(CertificateError::Unsigned(row.node));
            }
        }
        Ok(certificate)
    }
    /// Whether a text looks like one, so that the right reader is taken.
    pub fn is_one(text: &str) -> bool {
        text.starts_with(MAGIC)
    }
}

fn parse(text: &str) -> Result<Certificate, CertificateError> {
    let mut lines = text.lines().enumerate();
    let mut field = |name: &str| -> Result<(usize, String), CertificateError> {
        let (at, line) = lines.next().ok_or(CertificateError::Format(0))?;
        let rest = if name.is_empty() { Some(line) } else { line.strip_prefix(name).and_then(|l| l.strip_prefix(' ')) };
        rest.map(|rest| (at + 1, rest.to_owned())).ok_or(CertificateError::Format(at + 1))
    };
    let (at, magic) = field("")?;
    if magic != MAGIC {
        return Err(CertificateError::Format(at));
    }
    let wrong = CertificateError::Format;
    let (at, holder) = field("holder")?;
    let holder = FacilityId::parse(&holder).map_err(|_| wrong(at))?;
    let (at, node) = field("holder-node")?;
    let holder_node = NodeKey::parse(&node).map_err(|_| wrong(at))?;
    let (at, receipt) = field("receipt")?;
    let receipt = ReceiptId::parse(&receipt).map_err(|_| wrong(at))?;
    let (at, statement) = field("statement")?;
    let statement = Hash::parse(&statement).map_err(|_| wrong(at))?;
    let mut moment = |name: &str| {
        let (at, text) = field(name)?;
        text.parse().map_err(|_| wrong(at))
    };
    let (withdrawn_at, leaf, made_at) = (Millis(moment("withdrawn")?), moment("leaf")?, Millis(moment("made")?));
    field("complete")?;
    let mut nodes: Vec<CertifiedNode> = Vec::new();
    for (at, line) in lines {
        if line.starts_with("signature ") {
            break;
        }
        match (read_node(line), read_word(line), nodes.last_mut()) {
            (Some(node), _, _) => nodes.push(node),
            (None, Some(word), Some(last)) => last.words.push(word),
            _ => return Err(wrong(at + 1)),
        }
        if nodes.len() > CERTIFICATE_NODES_MAX {
            return Err(wrong(at + 1));
        }
    }
    Ok(Certificate { holder, holder_node, receipt, statement, withdrawn_at, leaf, made_at, nodes })
}

fn read_node(line: &str) -> Option<CertifiedNode> {
    let mut words = line.split(' ');
    let mut next = |name: &str| (words.next()? == name).then(|| words.next())?;
    let node = NodeKey::parse(next("node")?).ok()?;
    let facilities = match next("of")? {
        "-" => Vec::new(),
        list => list.split(',').map(FacilityId::parse).collect::<Result<_, _>>().ok()?,
    };
    let announced = match next("announced")? {
        "never" => Announced::Never,
        "open" => Announced::Open,
        at => Announced::Obeyed(Millis(at.parse().ok()?)),
    };
    let copied = match next("copies")? {
        "never" => Copied::Never,
        text => match text.strip_prefix("open-until-") {
            Some(until) => Copied::Open { until: Millis(until.parse().ok()?) },
            None => Copied::Gone(Millis(text.parse().ok()?)),
        },
    };
    words.next().is_none().then_some(CertifiedNode { node, facilities, announced, copied, words: Vec::new() })
}

fn read_word(line: &str) -> Option<Forgetting> {
    let mut words = line.strip_prefix("said ")?.split(' ');
    let at = Millis(words.next()?.parse().ok()?);
    let requests: Vec<RequestId> = words.next()?.split(',').map(RequestId::parse).collect::<Result<_, _>>().ok()?;
    let signature = Signature::from_slice(&HEXLOWER.decode(words.next()?.as_bytes()).ok()?)?;
    (words.next().is_none() && requests.len() <= FETCHES_MAX).then_some(Forgetting { at, requests, signature })
}

const MAGIC: &str = "musubi withdrawal certificate 1";
const DOMAIN: &str = "withdrawal-certificate";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Real;
    use proptest::prelude::*;

    fn secret(seed: u8) -> Secret {
        Secret::from_bytes([seed; 32])
    }
    fn key(seed: u8) -> NodeKey {
        NodeKey(Real.public(&secret(seed)).0)
    }
    fn certificate() -> Certificate {
        let facility = |text| vec![FacilityId::parse(text).expect("ten digits")];
        let word =
            Forgetting::sign(&Real, &secret(2), &key(1), Millis(70), vec![RequestId([4; 16]), RequestId([5; 16])]);
        let row =
            |node, facilities, announced, copied, words| CertifiedNode { node, facilities, announced, copied, words };
        Certificate {
            holder: FacilityId::parse("0312345678").expect("ten digits"),
            holder_node: key(1),
            receipt: ReceiptId([7; 16]),
            statement: Hash([8; 32]),
            withdrawn_at: Millis(60),
            leaf: 12,
            made_at: Millis(99),
            nodes: vec![
                row(
                    key(2),
                    facility("0312345679"),
                    Announced::Obeyed(Millis(65)),
                    Copied::Gone(Millis(70)),
                    vec![word],
                ),
                row(key(3), Vec::new(), Announced::Open, Copied::Never, Vec::new()),
                row(key(4), facility("0412345679"), Announced::Never, Copied::Open { until: Millis(500) }, Vec::new()),
            ],
        }
    }

    #[test]
    fn a_certificate_is_checked_from_its_file_alone() {
        let text = certificate().to_text(&Real, &secret(1));
        assert!(Certificate::is_one(&text));
        assert_eq!(Certificate::verify(&text, &Real), Ok(certificate()));
        assert!(!certificate().is_complete());
    }
    #[test]
    fn who_did_not_sign_cannot_be_said_to_have_dropped_anything() {
        let mut unsigned = certificate();
        unsigned.nodes[0].words.clear();
        let text = unsigned.to_text(&Real, &secret(1));
        assert_eq!(Certificate::verify(&text, &Real), Err(CertificateError::Unsigned(key(2))));
        let mut forged = certificate();
        forged.nodes[0].words[0].at = Millis(71);
        let text = forged.to_text(&Real, &secret(1));
        assert_eq!(Certificate::verify(&text, &Real), Err(CertificateError::Reader(key(2))));
        let text = certificate().to_text(&Real, &secret(9));
        assert_eq!(Certificate::verify(&text, &Real), Err(CertificateError::Holder));
    }
    proptest! {
        #[test]
        fn a_changed_file_proves_nothing(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let text = certificate().to_text(&Real, &secret(1));
            let mut bytes = text.clone().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            if let Ok(changed) = String::from_utf8(bytes) {
                // But for the newline at the very end, which nobody reads.
                prop_assert!(Certificate::verify(&changed, &Real).is_err() || changed.trim_end() == text.trim_end());
            }
        }
        #[test]
        fn any_text_is_read_or_refused(text in "(musubi withdrawal certificate 1\n)?.{0,80}(\n.{0,80}){0,4}") {
            let _ = Certificate::verify(&text, &Real);
        }
    }
}
