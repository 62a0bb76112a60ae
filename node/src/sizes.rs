//! How much memory this process has, and how large the program is.

/// Resident memory of this process, where the system tells (Linux).
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// Size of the running program's file.
pub fn program_bytes() -> Option<u64> {
    let path = std::env::current_exe().ok()?;
    std::fs::metadata(path).ok().map(|data| data.len())
}
