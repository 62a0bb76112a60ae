//! One document of the extended storage: all files of its content become one record, streamed, never opened.
use super::heads::{moment_of, version_name};
use super::limits::{DOCUMENT_BYTES_MAX, PIECE_BYTES};
use super::quarantine::QuarantineReason;
use super::read::{Fresh, ReadError, Reader, trouble, unfit};
use super::walk::Seen;
use crate::bodies::BODY_INLINE_BYTES_MAX;
use crate::documents::{FILES_MAX, head_bytes};
use protocol::crypto::mac;
use protocol::fetch::Digester;
use protocol::ids::{Hash, PatientId};
use records::ssmix2::extended::{ExtendedFile, KindFolder, document};
use std::io::Read;
use store::{BlobWriter, Blobs};

/// The bytes of a fresh record.
pub(super) enum FreshBody {
    /// In memory, for a bundle.
    Inline(Vec<u8>),
    /// Durable already; with the hashes of its chunks if they are more than one.
    Blob([u8; 32], Vec<Hash>),
}

/// The 特定キー of a document: several of a site's kinds may share one standard kind, so the site's own kind is part of it.
pub(super) fn document_key(folder: &KindFolder, key: &str) -> String {
    let own = folder.local.iter().find(|text| !text.is_empty());
    own.map_or_else(|| key.to_owned(), |own| format!("{own}/{key}"))
}

impl Reader<'_> {
    /// Reads all files of one content as one record.
    pub(super) fn document(&self, files: &[(ExtendedFile, Seen)]) -> Result<Fresh, ReadError> {
        let Some((first, _)) = files.first() else { return Err(ReadError::Vanished) };
        let size = files.iter().fold(0u64, |sum, (_, seen)| sum.saturating_add(seen.print.bytes));
        if size > DOCUMENT_BYTES_MAX || files.len() > FILES_MAX {
            return Err(unfit(QuarantineReason::TooLarge { size, max: DOCUMENT_BYTES_MAX }));
        }
        let inner: Vec<(String, u64)> =
            files.iter().map(|(file, seen)| (file.inner.clone(), seen.print.bytes)).collect();
        let document = document(&first.folder, &inner).value;
        let key = document_key(&first.folder, &first.name.key);
        let record = self.record_key(&first.name, first.name.care_date, key.clone())?;
        let mut sink = Sink::new(self.blobs, blob_owner(self.salt, &record.patient));
        sink.write(&head_bytes(&document))?;
        for listed in &document.files {
            if let Some((_, seen)) = files.iter().find(|(file, _)| file.inner == listed.name) {
                self.copy(seen, &mut sink)?;
            }
        }
        let name = &first.name;
        let newest = files.iter().map(|(_, seen)| seen.print.modified).max().unwrap_or_default();
        let (body, digest, size) = sink.finish()?;
        Ok(Fresh {
            name: version_name(self.salt, self.feed, &key, &name.occurred_at, &digest),
            key: record,
            at: moment_of(&name.occurred_at).unwrap_or(newest),
            department: name.department.clone(),
            title: document.title(),
            digest,
            size,
            body,
            patient: None,
        })
    }

    /// Copies exactly as many bytes as were listed; another number means that a writer is at work.
    fn copy(&self, seen: &Seen, sink: &mut Sink<'_>) -> Result<(), ReadError> {
        let opened = self.open(seen)?;
        let mut file = (&opened).take(seen.print.bytes.saturating_add(1));
        let mut piece = vec![0; PIECE_BYTES];
        let mut copied = 0u64;
        loop {
            let count = file.read(&mut piece).map_err(|error| trouble(&error))?;
            if count == 0 {
                break;
            }
            copied += count as u64;
            sink.write(&piece[..count])?;
        }
        self.is_still(&opened, seen)?;
        if copied == seen.print.bytes { Ok(()) } else { Err(unfit(QuarantineReason::Changing)) }
    }
}

/// Whose a blob is: two patients with the same document have a file each, so that one goes with its patient.
pub(super) fn blob_owner(salt: &[u8], patient: &PatientId) -> [u8; 32] {
    mac(salt, &[b"blob", patient.authority().as_str().as_bytes(), patient.expose_number().as_bytes()])
}

/// Takes bytes into memory, and into a blob once they are too many for that.
struct Sink<'a> {
    blobs: &'a Blobs,
    owner: [u8; 32],
    small: Vec<u8>,
    large: Option<BlobWriter>,
    digester: Digester,
    size: u64,
}

impl<'a> Sink<'a> {
    fn new(blobs: &'a Blobs, owner: [u8; 32]) -> Self {
        Self { blobs, owner, small: Vec::new(), large: None, digester: Digester::new(), size: 0 }
    }
    fn write(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        self.digester.update(bytes);
        self.size += bytes.len() as u64;
        if let Some(large) = &mut self.large {
            return Ok(large.write(bytes)?);
        }
        self.small.extend_from_slice(bytes);
        if self.small.len() > BODY_INLINE_BYTES_MAX {
            let mut large = self.blobs.writer_of(&self.owner);
            large.write(&std::mem::take(&mut self.small))?;
            self.large = Some(large);
        }
        Ok(())
    }
    fn finish(self) -> Result<(FreshBody, Hash, u64), ReadError> {
        let (digest, hashes) = self.digester.finish();
        let body = match self.large {
            Some(large) => FreshBody::Blob(large.finish()?.0, hashes),
            None => FreshBody::Inline(self.small),
        };
        Ok((body, digest, self.size))
    }
}
