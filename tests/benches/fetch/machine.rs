//! What the figures depend on: the machine, its disk, the build, the day.
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Cores, processor, memory.
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let of = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let value =
            text.lines().find_map(|line| line.strip_prefix(key)?.split_once(':').map(|(_, v)| v.trim().to_owned()));
        value.unwrap_or_else(|| "not known".to_owned())
    };
    let memory = of("/proc/meminfo", "MemTotal");
    let gib = memory
        .trim_end_matches(" kB")
        .parse::<f64>()
        .map_or(memory.clone(), |kib| format!("{:.0} GiB", kib / 1_048_576.0));
    format!("{cores} cores, {}, {gib} memory, {}", of("/proc/cpuinfo", "model name"), std::env::consts::OS)
}

/// Today, UTC.
pub fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

/// One of the disk's syncs: as many bytes as a leaf with its copy appended, then `fdatasync`.
pub fn sync(folder: &Path) -> Duration {
    let path = folder.join("sync.probe");
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("our own folder");
    file.write_all(&[7; LEAF_BYTES]).expect("room");
    let begun = Instant::now();
    file.sync_data().expect("a disk");
    begun.elapsed()
}

/// Writes so many bytes and syncs them.
pub fn write_all(folder: &Path, bytes: &[u8]) -> Duration {
    let path = folder.join("write.probe");
    let begun = Instant::now();
    let mut file = File::create(&path).expect("our own folder");
    file.write_all(bytes).expect("room");
    file.sync_data().expect("a disk");
    let took = begun.elapsed();
    let _ = std::fs::remove_file(path);
    took
}

/// A frame of the journal with one leaf and one small copy.
const LEAF_BYTES: usize = 4_096;
