//! All measurements, interleaved: whatever else the machine does, every side meets the same of it.
use crate::charts::Chart;
use crate::machine;
use crate::nodes::Nodes;
use crate::noise;
use crate::raw::Raw;
use std::path::Path;
use std::time::Duration;

/// One load by four ways.
pub struct Stream {
    /// What it is.
    pub name: &'static str,
    /// Bytes that every side moved.
    pub bytes: u64,
    /// Items on our side.
    pub items: u64,
    /// Medians.
    pub ours: Duration,
    pub quinn: Duration,
    pub libp2p: Duration,
    pub https: Duration,
}

/// One small record by three ways, and the disk's part in ours.
pub struct Single {
    pub bytes: u64,
    pub ours: Duration,
    pub quinn: Duration,
    pub libp2p: Duration,
    pub sync: Duration,
}

/// Everything.
pub struct Measured {
    pub streams: Vec<Stream>,
    pub single: Single,
    /// Writing and syncing as many bytes as the document has.
    pub disk_write: Duration,
    pub path: String,
    /// Of a node that does nothing, with the demo's data.
    pub resident_bytes: u64,
}

/// Sets up, measures, takes down.
pub fn all(program: &Path, folder: &Path) -> Measured {
    eprintln!("setting up two nodes …");
    let nodes = Nodes::start(program, folder);
    let mut raw = Raw::start(LARGEST_BYTES);
    let path = nodes.path();
    let streams = vec![
        stream("one document of 200 MB", Chart::Document, &nodes, &mut raw),
        stream("5,000 records of about 2 KB in one fetch", Chart::Records, &nodes, &mut raw),
    ];
    let single = single(&nodes, &mut raw);
    let bytes = noise::bytes(usize::try_from(streams[0].bytes).unwrap_or(0), 3);
    let disk_write = median((0..ROUNDS).map(|_| machine::write_all(nodes.disk(), &bytes)).collect());
    drop((nodes, raw));
    let resident_bytes = crate::nodes::idle_bytes(program, folder);
    Measured { streams, single, disk_write, path, resident_bytes }
}

fn stream(name: &'static str, chart: Chart, nodes: &Nodes, raw: &mut Raw) -> Stream {
    // Once unmeasured: connections are live, caches as warm as they get.
    let first = nodes.fetch(chart);
    let bytes = first.bytes;
    raw.quinn(bytes);
    raw.libp2p(bytes);
    raw.https(bytes);
    let (mut ours, mut quinn, mut libp2p, mut https) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        ours.push(nodes.fetch(chart).took);
        quinn.push(raw.quinn(bytes));
        libp2p.push(raw.libp2p(bytes));
        https.push(raw.https(bytes));
        let last = |list: &[Duration]| list.last().copied().unwrap_or_default();
        let raw = (last(&quinn), last(&libp2p), last(&https));
        eprintln!("  {name}, {round}: {:?}, quinn {:?}, libp2p {:?}, HTTPS {:?}", last(&ours), raw.0, raw.1, raw.2);
    }
    Stream {
        name,
        bytes,
        items: first.items,
        ours: median(ours),
        quinn: median(quinn),
        libp2p: median(libp2p),
        https: median(https),
    }
}

fn single(nodes: &Nodes, raw: &mut Raw) -> Single {
    let bytes = nodes.fetch(Chart::Record).bytes;
    let (mut ours, mut quinn, mut libp2p, mut sync) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..SINGLES {
        // Both sides sign and store the receipt after the answer was shown; the next reader comes when that is done.
        std::thread::sleep(PAUSE);
        ours.push(nodes.fetch(Chart::Record).took);
        quinn.push(raw.quinn(bytes));
        libp2p.push(raw.libp2p(bytes));
        sync.push(machine::sync(nodes.disk()));
    }
    let single = Single { bytes, ours: median(ours), quinn: median(quinn), libp2p: median(libp2p), sync: median(sync) };
    eprintln!("  one record: {:?}, quinn {:?}, one sync {:?}", single.ours, single.quinn, single.sync);
    single
}

/// The middle one.
fn median(mut list: Vec<Duration>) -> Duration {
    list.sort();
    list.get(list.len() / 2).copied().unwrap_or_default()
}

/// Of every stream.
const ROUNDS: usize = 5;
/// Of the small record: the p50 of so many.
const SINGLES: usize = 101;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(50);
/// What the raw servers hold: more than any load.
const LARGEST_BYTES: u64 = 201_000_000;
