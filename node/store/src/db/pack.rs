//! Large values beside sled, in files that are only appended to: sled rewrites a large value with each of its neighbours and
//! keeps the dead copies for long.
//!
//! sled holds a *spot* of 16 bytes in their place. The bytes are synced before a spot goes to sled, so whatever of sled is
//! still there after a power cut points to whole values. What no spot names is dead, and goes with its file.
use super::DbError;
use crate::limits::{FAR_BYTES_MIN, FAR_INTAKE_BYTES_MIN, PACK_BYTES_MAX, PACKS_OPEN_MAX, READ_TOGETHER_BYTES_MAX};
use protocol::data::Space;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a large value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) file: u32,
    offset: u64,
    pub(super) len: u32,
}

/// The files of large values.
pub(super) struct Packs {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Files that were opened for reading.
    files: BTreeMap<u32, Arc<File>>,
    /// The file that grows, and its number.
    open: Option<(u32, File)>,
}

impl Spot {
    /// The spot in a value of sled, if it is one. Values of this length are never left in sled.
    pub(super) fn parse(value: &[u8]) -> Option<Self> {
        let (file, rest) = value.split_first_chunk::<4>()?;
        let (offset, len) = rest.split_first_chunk::<8>()?;
        let len = u32::from_be_bytes(len.try_into().ok()?);
        Some(Self { file: u32::from_be_bytes(*file), offset: u64::from_be_bytes(*offset), len })
    }

    fn end(&self) -> Option<u64> {
        self.offset.checked_add(u64::from(self.len))
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        [&self.file.to_be_bytes()[..], &self.offset.to_be_bytes(), &self.len.to_be_bytes()].concat()
    }
}

impl Packs {
    pub(super) fn open(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), state: Mutex::default() }
    }

    /// Whether a value goes here.
    pub(super) fn takes(space: Space, value: &[u8]) -> bool {
        // Taking in writes these by the thousand; others are written some at a time, and would cost a sync each.
        let is_intake = matches!(space, Space::Records | Space::Bodies | Space::Patients | Space::Meta);
        let least = if is_intake { FAR_INTAKE_BYTES_MIN } else { FAR_BYTES_MIN };
        value.len() >= least || value.len() == SPOT_BYTES
    }

    /// Appends values and syncs them.
    pub(super) fn append(&self, values: &[&[u8]]) -> io::Result<Vec<Spot>> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let mut state = self.lock();
        let (number, file) = match state.open.take() {
            Some((number, file)) if file.metadata()?.len() < PACK_BYTES_MAX => (number, file),
            _ => self.begin()?,
        };
        // What a failed append left lies before it, dead.
        let mut offset = file.metadata()?.len();
        let mut spots = Vec::with_capacity(values.len());
        for value in values {
            let len = u32::try_from(value.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
            spots.push(Spot { file: number, offset, len });
            offset += u64::from(len);
        }
        (&file).write_all(&values.concat())?;
        file.sync_data()?;
        state.open = Some((number, file));
        Ok(spots)
    }

    /// The values at spots; none where the file is not there. Those that lie behind each other are read together.
    pub(super) fn read(&self, spots: &[Spot]) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        let mut out = Vec::with_capacity(spots.len());
        let mut rest = spots;
        while let Some(first) = rest.first() {
            let mut end = first.end();
            let mut count = 1;
            while let Some(next) = rest.get(count)
                && next.file == first.file
                && Some(next.offset) == end
                && next.end().is_some_and(|end| end - first.offset <= READ_TOGETHER_BYTES_MAX)
            {
                end = next.end();
                count += 1;
            }
            let (run, after) = rest.split_at(count);
            rest = after;
            match self.run(*first, end)? {
                None => out.extend(run.iter().map(|_| None)),
                Some(bytes) if count == 1 => out.push(Some(bytes)),
                Some(bytes) => {
                    let mut bytes = bytes.as_slice();
                    for spot in run {
                        let (value, after) = bytes.split_at(spot.len as usize);
                        out.push(Some(value.to_vec()));
                        bytes = after;
                    }
                }
            }
        }
        Ok(out)
    }

    /// The bytes from a spot on to an end.
    fn run(&self, first: Spot, end: Option<u64>) -> Result<Option<Vec<u8>>, DbError> {
        let Some(file) = self.file(first.file)? else { return Ok(None) };
        let short = || DbError::Damaged(format!("{} is shorter than it was", name(first.file)));
        let bytes = end.and_then(|end| usize::try_from(end - first.offset).ok()).ok_or_else(short)?;
        let mut out = vec![0; bytes];
        match read_at(&file, &mut out, first.offset) {
            Ok(()) => Ok(Some(out)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(short()),
            Err(error) => Err(DbError::Disk(error.to_string())),
        }
    }

    fn file(&self, number: u32) -> Result<Option<Arc<File>>, DbError> {
        let mut state = self.lock();
        if let Some(file) = state.files.get(&number) {
            return Ok(Some(file.clone()));
        }
        if state.files.len() >= PACKS_OPEN_MAX {
            // Opened again when it is wanted again.
            state.files.pop_first();
        }
        match File::open(self.path(number)) {
            Ok(file) => Ok(Some(state.files.entry(number).or_insert(Arc::new(file)).clone())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DbError::Disk(error.to_string())),
        }
    }

    /// Numbers and sizes of the files that no longer grow.
    pub(super) fn closed(&self) -> io::Result<BTreeMap<u32, u64>> {
        // Held until all are listed: one that is begun meanwhile would count as closed, and what goes into it as dead.
        let _state = self.lock();
        let mut closed = self.numbers()?;
        // The newest grows, or may grow again.
        closed.pop_last();
        Ok(closed)
    }

    /// Removes a file that no spot names.
    pub(super) fn remove(&self, number: u32) -> io::Result<()> {
        // Held until it is gone: a reader in between would keep its room on the disk.
        let mut state = self.lock();
        state.files.remove(&number);
        std::fs::remove_file(self.path(number))
    }

    /// The newest file if there is room in it, else a new one.
    fn begin(&self) -> io::Result<(u32, File)> {
        let number = match self.numbers()?.last_key_value() {
            Some((number, bytes)) if *bytes < PACK_BYTES_MAX => *number,
            Some((number, _)) => number.checked_add(1).ok_or(io::ErrorKind::StorageFull)?,
            None => 1,
        };
        let file = OpenOptions::new().append(true).create(true).open(self.path(number))?;
        // Also one that was here: whoever made it may have died before its name was on the disk.
        file.sync_all()?;
        #[cfg(unix)]
        File::open(&self.folder)?.sync_all()?;
        Ok((number, file))
    }

    fn numbers(&self) -> io::Result<BTreeMap<u32, u64>> {
        let mut out = BTreeMap::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let number =
                name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|digits| digits.parse().ok());
            if let Some(number) = number {
                out.insert(number, entry.metadata()?.len());
            }
        }
        Ok(out)
    }

    fn path(&self, number: u32) -> PathBuf {
        self.folder.join(name(number))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(number: u32) -> String {
    format!("{PREFIX}{number:08}")
}

#[cfg(unix)]
fn read_at(file: &File, to: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, to, offset)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, to: &mut [u8], offset: u64) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    // The handle is shared; a second position would be needed to read at once.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(to)
}

const PREFIX: &str = "values-";
const SPOT_BYTES: usize = 16;
const _: () = assert!(SPOT_BYTES < FAR_BYTES_MIN);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_files_than_may_be_open_are_read_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let packs = Packs::open(folder.path());
        let spots: Vec<Spot> = (1..=PACKS_OPEN_MAX as u32 + 9).map(|file| Spot { file, offset: 0, len: 4 }).collect();
        spots.iter().for_each(|spot| std::fs::write(packs.path(spot.file), spot.file.to_be_bytes()).unwrap());
        for _ in 0..2 {
            let read = packs.read(&spots).unwrap();
            assert!(read.iter().zip(&spots).all(|(value, spot)| *value == Some(spot.file.to_be_bytes().to_vec())));
            assert_eq!(packs.lock().files.len(), PACKS_OPEN_MAX);
        }
    }
}
