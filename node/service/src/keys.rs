//! The key files of a node: one secret per file under `keys/`, readable by the node's account only.
use crate::random::fresh;
use protocol::crypto::{Crypto, Real, Secret};
use protocol::ids::{FacilityId, PrintedError, PublicKey, from_printed, to_printed};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Which secret of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyName {
    /// libp2p identity; signs requests, answers and receipts.
    Node,
    /// Signs manifests.
    Index,
    /// Signs checkpoints of the log.
    Log,
    /// Co-signs others' checkpoints.
    Witness,
    /// Opens what is sealed to this node.
    Seal,
    /// A facility's root: certifies node keys. Belongs on paper in a safe; while it lies here, keys renew by themselves.
    Root(FacilityId),
}

impl KeyName {
    fn word(&self) -> String {
        match self {
            Self::Node => "node".into(),
            Self::Index => "index".into(),
            Self::Log => "log".into(),
            Self::Witness => "witness".into(),
            Self::Seal => "seal".into(),
            Self::Root(facility) => format!("root-{facility}"),
        }
    }
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The disk refused; nothing was changed.
    #[error("{}: {why}", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// In the words of the operating system.
        why: String,
    },
    /// The file was changed or cut. Put it back from its backup.
    #[error("{}: this key file is damaged ({problem}); put it back from its backup", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file of this name is there already; it is never overwritten.
    #[error("{}: is there already and is not overwritten; choose another name or move it away", path.display())]
    Exists {
        /// Which file.
        path: PathBuf,
    },
}

/// The folder `keys/` of a node.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    folder: PathBuf,
}

impl KeyFolder {
    /// Opens or makes the folder, for the node's account only.
    ///
    /// # Errors
    /// [`KeyError::Disk`].
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        std::fs::create_dir_all(folder).map_err(|error| disk(folder, &error))?;
        private_folder(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }
    /// The secret of this name, if it is here.
    ///
    /// # Errors
    /// [`KeyError`] if there is a file that cannot be read.
    pub fn find(&self, name: &KeyName) -> Result<Option<Secret>, KeyError> {
        let path = self.path(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => parse(&text).map(Some).map_err(|problem| KeyError::Damaged { path, problem }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(disk(&path, &error)),
        }
    }
    /// The secret of this name; made if it is not here.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn get_or_make(&self, name: &KeyName) -> Result<Secret, KeyError> {
        if let Some(secret) = self.find(name)? {
            return Ok(secret);
        }
        let secret = Secret::from_bytes(fresh());
        write_new(&self.path(name), &print(&name.word(), &secret))?;
        Ok(secret)
    }
    /// Puts a secret here, as from paper.
    ///
    /// # Errors
    /// [`KeyError::Exists`] if there is one of this name.
    pub fn put(&self, name: &KeyName, secret: &Secret) -> Result<(), KeyError> {
        write_new(&self.path(name), &print(&name.word(), secret))
    }
    /// Where the file of this name lies.
    pub fn path(&self, name: &KeyName) -> PathBuf {
        self.folder.join(format!("{}.key", name.word()))
    }
}

/// One founder's share of a network's authority (持分): a secret that signs for the network together with others'.
#[derive(Clone, Debug)]
pub struct Share {
    /// Name on the charter.
    pub name: String,
    secret: Secret,
}

/// What others may know of a share: what the charter will say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharePublic {
    /// Name on the charter.
    pub name: String,
    /// The share's public key.
    pub key: PublicKey,
}

/// Why a text is no public part of a share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareTextError {
    /// A typing mistake.
    #[error("the founder's key has a mistake: {0}")]
    Printed(#[from] PrintedError),
    /// Something else.
    #[error(
        "this is not a founder's public key; it begins with {PUBLIC_PREFIX} and goes on with groups of letters and a name"
    )]
    Foreign,
}

impl Share {
    /// A fresh share.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), secret: Secret::from_bytes(fresh()) }
    }
    /// Reads a share file.
    ///
    /// # Errors
    /// [`KeyError`] naming the file.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path).map_err(|error| disk(path, &error))?;
        Self::parse(&text).map_err(|problem| KeyError::Damaged { path: path.to_owned(), problem })
    }
    /// Reads the text of a share file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let title = text.lines().nth(1).unwrap_or_default();
        let name = title.strip_prefix(SHARE_TITLE).ok_or("this is no founder's share")?;
        Ok(Self { name: name.trim().to_owned(), secret: parse(text)? })
    }
    /// Writes a share file for paper or a stick; readable by its owner only.
    ///
    /// # Errors
    /// [`KeyError::Exists`] rather than overwrite one.
    pub fn write(&self, path: &Path) -> Result<(), KeyError> {
        write_new(path, &print(&format!("{SHARE_TITLE}{}", self.name.replace(['\n', '\r'], " ")), &self.secret))
    }
    /// What others may know.
    pub fn public(&self) -> SharePublic {
        SharePublic { name: self.name.clone(), key: Real.public(&self.secret) }
    }
    /// The secret that signs.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }
}

impl SharePublic {
    /// One line with check letters, for a message or a sheet of paper.
    pub fn to_text(&self) -> String {
        format!("{PUBLIC_PREFIX}{} {}", to_printed(&self.key.0), self.name)
    }
    /// Reads what [`SharePublic::to_text`] wrote.
    ///
    /// # Errors
    /// [`ShareTextError`] naming the group with a mistake.
    pub fn parse(text: &str) -> Result<Self, ShareTextError> {
        let rest = text.trim().strip_prefix(PUBLIC_PREFIX).ok_or(ShareTextError::Foreign)?;
        let (groups, name) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
        let key = PublicKey::from_slice(&from_printed(groups)?).ok_or(ShareTextError::Foreign)?;
        Ok(Self { name: name.trim().to_owned(), key })
    }
}

fn print(title: &str, secret: &Secret) -> String {
    format!("{MAGIC}\n{title}\n{}\n", to_printed(secret.expose()))
}

fn parse(text: &str) -> Result<Secret, String> {
    let mut lines = text.lines();
    if lines.next().map(str::trim) != Some(MAGIC) {
        return Err("it is no key file of this version".into());
    }
    let groups = lines.nth(1).ok_or("its third line is missing")?;
    let bytes = zeroize::Zeroizing::new(from_printed(groups).map_err(|error| error.to_string())?);
    let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| "it has another length".to_owned())?;
    Ok(Secret::from_bytes(bytes))
}

/// Writes a file that was not there, whole or not at all, for its owner only.
fn write_new(path: &Path, text: &str) -> Result<(), KeyError> {
    if path.exists() {
        return Err(KeyError::Exists { path: path.to_owned() });
    }
    let part = path.with_extension("part");
    let write = || {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&part, path)?;
        match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => File::open(folder).and_then(|folder| folder.sync_all()),
            None => Ok(()),
        }
    };
    write().map_err(|error: std::io::Error| disk(path, &error))
}

fn private_folder(folder: &Path) -> Result<(), KeyError> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(folder, mode).map_err(|error| disk(folder, &error))?;
    }
    Ok(())
}

fn disk(path: &Path, error: &std::io::Error) -> KeyError {
    KeyError::Disk { path: path.to_owned(), why: error.to_string() }
}

const MAGIC: &str = "musubi key 1";
const SHARE_TITLE: &str = "share of ";
const PUBLIC_PREFIX: &str = "musubi-founder:";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = KeyFolder::open(&folder.path().join("keys")).expect("opens");
        let made = keys.get_or_make(&KeyName::Node).expect("made");
        assert_eq!(keys.get_or_make(&KeyName::Node).expect("read").expose(), made.expose());
        assert!(keys.find(&KeyName::Log).expect("readable").is_none());
        assert!(matches!(keys.put(&KeyName::Node, &made), Err(KeyError::Exists { .. })));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(keys.path(&KeyName::Node)).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    #[test]
    fn a_damaged_key_file_is_named_and_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = KeyFolder::open(folder.path()).expect("opens");
        keys.get_or_make(&KeyName::Log).expect("made");
        let path = keys.path(&KeyName::Log);
        let text = std::fs::read_to_string(&path).expect("text");
        std::fs::write(&path, &text[..text.len() - 9]).expect("cut");
        assert!(matches!(keys.get_or_make(&KeyName::Log), Err(KeyError::Damaged { .. })));
    }
    #[test]
    fn a_share_survives_its_file_and_its_public_part_a_line_of_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("office.share");
        let share = Share::new("気仙医師会 事務局");
        share.write(&path).expect("written");
        let read = Share::read(&path).expect("read");
        assert_eq!(read.public(), share.public());
        assert_eq!(SharePublic::parse(&share.public().to_text()), Ok(share.public()));
        assert!(matches!(share.write(&path), Err(KeyError::Exists { .. })));
    }
    proptest! {
        #[test]
        fn any_text_is_read_as_a_key_or_refused(text in "(musubi key 1\n)?.{0,80}(\n.{0,80})?") {
            let _ = parse(&text);
            let _ = SharePublic::parse(&text);
        }
    }
}
