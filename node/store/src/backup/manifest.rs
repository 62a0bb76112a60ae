//! What a backup says of itself: a text of lines, sealed with a keyed hash in the last.
use super::error::BackupFault;
use crate::disk::Disk;
use crate::journal::Mark;
use crate::keys::MasterKey;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// One file of a backup: its bytes lie under its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// SHA-256.
    pub(super) digest: [u8; 32],
    pub(super) bytes: u64,
}

impl Entry {
    /// Where its bytes lie in the backup's folder.
    pub(super) fn object(&self) -> String {
        let name = hex(&self.digest);
        format!("{OBJECTS}/{}/{name}", &name[..2])
    }
}

/// What a backup holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// Tells the key that opens it.
    pub(super) check: [u8; 8],
    /// When it was made, in Unix milliseconds, by the clock of who made it.
    pub(super) at: u64,
    /// The last frame in it.
    pub(super) mark: Mark,
    /// Path in the node's folder → file.
    pub(super) files: BTreeMap<String, Entry>,
}

/// Seals manifests of one store.
pub(super) struct ManifestKey(Zeroizing<[u8; 32]>);

impl ManifestKey {
    pub(super) fn new(master: &MasterKey) -> Self {
        Self(master.derive("backup/manifest"))
    }
}

impl Manifest {
    pub(super) fn to_text(&self, key: &ManifestKey) -> String {
        let mut text = format!("{FIRST_LINE}\nkey {}\nat {}\n", hex(&self.check), self.at);
        let _ = writeln!(text, "frame {} {}", self.mark.position, hex(&self.mark.digest));
        for (path, entry) in &self.files {
            let _ = writeln!(text, "file {} {} {path}", hex(&entry.digest), entry.bytes);
        }
        let seal = blake3::keyed_hash(&key.0, text.as_bytes());
        let _ = writeln!(text, "seal {}", hex(seal.as_bytes()));
        text
    }

    /// Reads a manifest of the store with this key check.
    pub(super) fn parse(text: &str, key: &ManifestKey, check: &[u8; 8]) -> Result<Self, BackupFault> {
        let damaged = BackupFault::Manifest;
        let mut lines = text.lines();
        match lines.next() {
            Some(FIRST_LINE) => {}
            Some(line) if line.starts_with("musubi backup ") => return Err(BackupFault::Newer),
            _ => return Err(damaged("its first line is not what was written")),
        }
        let mut manifest = Self::default();
        let found = lines.next().and_then(|line| bytes_of::<8>(line.strip_prefix("key ")?));
        manifest.check = found.ok_or(damaged("the line `key` cannot be read"))?;
        if manifest.check != *check {
            return Err(BackupFault::WrongKey);
        }
        let (body, seal) = text.rsplit_once("seal ").ok_or(damaged("it has no seal"))?;
        let expect = blake3::keyed_hash(&key.0, body.as_bytes());
        let seal = bytes_of::<32>(seal.trim_end()).ok_or(damaged("its seal cannot be read"))?;
        if expect != blake3::Hash::from(seal) {
            return Err(damaged("its seal does not fit"));
        }
        // What is sealed was written by us: only a mistake of ours fails from here on.
        for line in body.lines().skip(2) {
            manifest.take(line).ok_or(damaged("a line cannot be read"))?;
        }
        Ok(manifest)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let mut words = line.splitn(4, ' ');
        match words.next()? {
            "at" => self.at = words.next()?.parse().ok()?,
            "frame" => {
                self.mark.position = words.next()?.parse().ok()?;
                self.mark.digest = bytes_of(words.next()?)?;
            }
            "file" => {
                let digest = bytes_of(words.next()?)?;
                let bytes = words.next()?.parse().ok()?;
                self.files.insert(words.next()?.to_owned(), Entry { digest, bytes });
            }
            _ => return None,
        }
        Some(())
    }

    /// The manifest in a backup's folder; the one before it if the newest is damaged.
    pub(super) fn load(disk: &dyn Disk, key: &ManifestKey, check: &[u8; 8]) -> Result<Self, BackupFault> {
        let mut first = None;
        for name in [NAME, OLD_NAME] {
            let Some(len) = disk.len(name)? else { continue };
            let bytes = disk.read(name, 0, usize::try_from(len).unwrap_or(usize::MAX))?;
            let text = String::from_utf8(bytes).map_err(|_| BackupFault::Manifest("it is no text"));
            match text.and_then(|text| Self::parse(&text, key, check)) {
                Ok(manifest) => return Ok(manifest),
                Err(error) => drop(first.get_or_insert(error)),
            }
        }
        Err(first.unwrap_or(BackupFault::None))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(out)
}

pub(super) const NAME: &str = "manifest";
pub(super) const OLD_NAME: &str = "manifest.old";
pub(super) const OBJECTS: &str = "objects";
const FIRST_LINE: &str = "musubi backup 1";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> ManifestKey {
        ManifestKey::new(&MasterKey::new([1; 32]))
    }

    fn manifest() -> Manifest {
        let entry = |n: u8| Entry { digest: [n; 32], bytes: u64::from(n) * 1000 };
        let files = [("journal/0000000000000001.seg", entry(1)), ("musubi.toml", entry(2))];
        Manifest {
            check: [9; 8],
            at: 1_767_000_000_000,
            mark: Mark { position: 77, digest: [5; 32] },
            files: files.into_iter().map(|(path, entry)| (path.to_owned(), entry)).collect(),
        }
    }

    #[test]
    fn a_manifest_survives_the_round_trip() {
        assert_eq!(Manifest::parse(&manifest().to_text(&key()), &key(), &[9; 8]), Ok(manifest()));
    }
    #[test]
    fn another_store_is_told_from_damage() {
        let text = manifest().to_text(&key());
        assert_eq!(Manifest::parse(&text, &key(), &[8; 8]), Err(BackupFault::WrongKey));
        let newer = text.replace("musubi backup 1", "musubi backup 2");
        assert_eq!(Manifest::parse(&newer, &key(), &[9; 8]), Err(BackupFault::Newer));
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_seen(at in 0usize..300, change in 1u8..=127) {
            let mut bytes = manifest().to_text(&key()).into_bytes();
            let at = at % (bytes.len() - 1);
            bytes[at] = (bytes[at] + change) % 128;
            let text = String::from_utf8(bytes).unwrap();
            prop_assert!(Manifest::parse(&text, &key(), &[9; 8]).is_err(), "{text}");
        }
        #[test]
        fn garbage_never_panics(text: String) {
            let _ = Manifest::parse(&text, &key(), &[9; 8]);
            let _ = Manifest::parse(&format!("musubi backup 1\nkey {text}"), &key(), &[9; 8]);
        }
    }
}
