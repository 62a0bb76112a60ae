//! The storage: made-up people at one hospital, as `musubi demo-data` writes them, with the deviations of the demo.
use protocol::ids::FacilityId;
use sim::region::{EXTENDED_ROOT, STANDARD_ROOT, Sink, generate, preset};
use std::io;
use std::path::{Path, PathBuf};

/// A storage on disk.
pub struct Tree {
    /// The folder above `standard` and `extended`.
    pub root: PathBuf,
    /// Its files, each with its path below its storage's root.
    pub files: Vec<(PathBuf, String)>,
    pub bytes: u64,
}

impl Tree {
    /// Writes a storage of so many patients.
    pub fn make(to: &Path, patients: u32) -> Self {
        let mut plan = preset("demo").expect("a preset of the simulator");
        (plan.seed, plan.patients, plan.years) = (7, patients, 2);
        plan.facilities.truncate(1);
        plan.facilities[0].size = 1_000;
        let facility = plan.facilities[0].id.to_string();
        generate(&plan, &mut Disk { to, made: PathBuf::new() }).expect("room for the storage");
        let root = to.join(facility);
        let mut tree = Self { root: root.clone(), files: Vec::new(), bytes: 0 };
        for part in PARTS {
            tree.gather(&root.join(part));
        }
        tree.files.sort();
        tree
    }

    fn gather(&mut self, root: &Path) {
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().into_iter().flatten().flatten() {
                let data = entry.metadata().expect("a file of ours");
                if data.is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                self.bytes += data.len();
                let path = entry.path().strip_prefix(root).expect("below").to_string_lossy().into_owned();
                self.files.push((entry.path(), path));
            }
        }
    }
}

/// Writes what the generator makes.
struct Disk<'a> {
    to: &'a Path,
    made: PathBuf,
}

impl Sink for Disk<'_> {
    fn file(&mut self, facility: &FacilityId, path: &str, bytes: &[u8]) -> io::Result<()> {
        let at = self.to.join(facility.as_str()).join(path);
        if let Some(folder) = at.parent().filter(|folder| *folder != self.made) {
            std::fs::create_dir_all(folder)?;
            self.made = folder.to_owned();
        }
        std::fs::write(at, bytes)
    }
    fn region_file(&mut self, _: &str, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// The storages below a facility's folder.
pub const PARTS: [&str; 2] = [STANDARD_ROOT, EXTENDED_ROOT];
