//! One case in one process, so that processor time and memory are its own.
use matching::link::bands::{Decision, Rule};
use matching::link::index::Index;
use matching::link::levels::Field;
use matching::link::linker::Scored;
use matching::office::columns::Map;
use matching::office::load::{Loaded, Source};
use matching::office::report::{Linked, link, report};
use matching::office::truth::Truth;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The files of a case.
#[derive(Clone, Debug)]
pub struct Files {
    pub left: PathBuf,
    pub right: Option<PathBuf>,
    pub truth: PathBuf,
    pub map: Option<PathBuf>,
}

/// What came out of a case.
#[derive(Clone, Debug)]
pub struct Figures(pub serde_json::Value);

impl Figures {
    pub fn number(&self, path: &[&str]) -> f64 {
        path.iter().fold(&self.0, |value, key| &value[*key]).as_f64().unwrap_or(f64::NAN)
    }
    pub fn mistakes(&self) -> String {
        self.0["judged"]["mistakes"].to_string().replace(['"', '{', '}'], "").replace(':', " ")
    }
    /// One line for development.
    pub fn line(&self) -> String {
        let judged = |key: &str| self.number(&["judged", key]);
        let mut out = String::new();
        let _ = write!(
            out,
            "complete {:.4} | auto p {:.6} r {:.4}",
            judged("completeness"),
            judged("precision"),
            judged("recall")
        );
        let _ = write!(
            out,
            " wrong [{}] | reviews {:.2} r+ {:.4}",
            self.mistakes(),
            self.number(&["reviews_per_1000"]),
            judged("recall_with_review")
        );
        let _ = write!(out, " | F1 {:.4} (p {:.4} r {:.4})", judged("f1"), judged("f1_precision"), judged("f1_recall"));
        let _ = write!(
            out,
            " | {:.2} CPU s, {:.0} MiB | rounds {}",
            self.number(&["cpu_s"]),
            self.number(&["peak_mib"]),
            self.number(&["rounds"])
        );
        let _ = write!(out, "\n    {} | {}", self.0["doubts"], self.0["stages"]);
        out
    }
}

/// Runs a case in a process of its own.
pub fn case(files: &Files) -> Figures {
    let text = |path: &Option<PathBuf>| path.as_ref().map_or("-".into(), |path| path.display().to_string());
    let this = std::env::current_exe().expect("this program");
    let mut command = Command::new(this);
    command.arg("--child").arg("case").arg(&files.left).arg(text(&files.right)).arg(&files.truth).arg(text(&files.map));
    answer(command)
}

/// Links patients one by one against a million others.
pub fn one_by_one(left: &Path, right: &Path) -> Figures {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg("--child").arg("single").arg(left).arg(right);
    answer(command)
}

fn answer(mut command: Command) -> Figures {
    let output = command.output().expect("the case runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Figures(serde_json::from_str(text.trim()).unwrap_or_else(|error| panic!("{error}: {text}")))
}

/// What the process does that [`case`] or [`one_by_one`] started.
pub fn run(words: &[&str]) {
    match words {
        ["case", left, right, truth, map] => judge(left, right, truth, map),
        ["single", left, right] => single(left, right),
        other => panic!("{other:?}"),
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn judge(left: &str, right: &str, truth: &str, map: &str) {
    let map = if map == "-" { Map::default() } else { Map::parse(&read(map)).expect("the map") };
    let rule = Rule::default();
    let mut loaded = {
        let one = read(left);
        let source = Source { file: left, text: &one };
        match right {
            "-" => Loaded::one(source, &map),
            right => Loaded::two(source, Source { file: right, text: &read(right) }, &map),
        }
        .expect("the tables")
    };
    let loading = cpu_s();
    let linked = link(&mut loaded, &rule);
    let (cpu, peak) = (cpu_s(), peak_mib());
    let truth = Truth::read(&read(truth), &loaded).expect("the truth");
    let figures = report(&loaded, &linked, &rule, Some(&truth));
    let mut json = serde_json::to_value(figures).expect("JSON");
    json["judged"]["curve"] = serde_json::Value::Null;
    json["cpu_s"] = cpu.into();
    json["peak_mib"] = peak.into();
    json["stages"] = format!("load {loading:.2} s, link {:.2} s", cpu - loading).into();
    if let Some(file) = std::env::var_os("LINKAGE_PAIRS") {
        std::fs::write(&file, pairs_csv(&loaded, &linked, &truth)).expect("the pairs");
    }
    println!("{json}");
}

/// For development: every true pair and every wrong link, with what became of it, how it agrees and what that weighs.
fn pairs_csv(loaded: &Loaded, linked: &Linked, truth: &Truth) -> String {
    let decided: BTreeMap<(u32, u32), &Decision> =
        linked.decisions.iter().map(|d| ((d.pair.one, d.pair.other), d)).collect();
    let mut all: BTreeMap<(u32, u32), Scored> =
        linked.scored.iter().map(|pair| ((pair.one, pair.other), *pair)).collect();
    for shard in loaded.linker.shards() {
        let found = loaded.linker.pairs(shard).0.into_iter().filter(|(a, b)| truth.same(*a, *b));
        for (a, b) in found {
            all.entry((a, b)).or_insert_with(|| loaded.linker.weigh(a, b));
        }
    }
    let mut out = String::from(
        "became,doubt,total,but_namesakes,rival,margin,family,given,birth,sex,address,phone,insurance,card,left,right\n",
    );
    for ((a, b), pair) in all {
        let (decision, same) = (decided.get(&(a, b)), truth.same(a, b));
        let became = match (decision.map(|d| d.doubt.is_none()), same) {
            (Some(true), true) => "right".into(),
            (Some(true), false) => format!("wrong {:?}", truth.mistake(a, b)),
            (Some(false), true) => "asked".into(),
            (None, true) => "missed".into(),
            _ => continue,
        };
        let doubt = decision.and_then(|d| d.doubt).map_or(String::new(), |doubt| format!("{doubt:?}"));
        let margin = decision.map_or(0, |d| d.margin.0);
        let (levels, weight) = (pair.levels, pair.weight);
        let name = |field| format!("{:?}/{:?}", levels.kanji(field), levels.kana(field));
        let _ = writeln!(
            out,
            "{became},{doubt},{},{},{:?},{margin},{},{},{},{},{},{},{},{},{},{}",
            weight.total.0,
            weight.but_namesakes.0,
            weight.rival,
            name(Field::Family),
            name(Field::Given),
            levels.get(Field::Birth),
            levels.get(Field::Sex),
            levels.address(),
            levels.phone(),
            levels.insurance(),
            levels.get(Field::Card),
            loaded.id(a),
            loaded.id(b)
        );
    }
    out
}

fn single(left: &str, right: &str) {
    let (map, rule) = (Map::default(), Rule::default());
    let million = read(right);
    let mut loaded = Loaded::one(Source { file: right, text: &million }, &map).expect("the table");
    drop(million);
    let count = loaded.len();
    link_learning(&mut loaded);
    let mut index = Index::new(loaded.linker);
    let resident = resident_mib();
    let new = read(left);
    let mut took = Vec::new();
    let (mut table, columns) = matching::office::columns::open(&new, &map).expect("columns");
    let mut row = Vec::new();
    while table.next(&mut row).expect("a row") && took.len() < SINGLES {
        let raw = columns.demographics(&row);
        let start = Instant::now();
        let entry = index.linker_mut().words.entry(&matching::normalise(&raw), &raw.address, "");
        let (_, found) = index.insert(entry, &rule);
        took.push(start.elapsed().as_secs_f64() * 1000.0);
        std::hint::black_box(found);
    }
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!(
        "{}",
        serde_json::json!({ "records": count, "ms_p50": at(0.5), "ms_p95": at(0.95), "resident_mib": resident, "peak_mib": peak_mib(), "singles": took.len() })
    );
}

fn link_learning(loaded: &mut Loaded) {
    let shard = loaded.linker.shards().into_iter().next().unwrap_or(0..0);
    let patterns = matching::link::learn::Patterns::of(loaded.linker.patterns(shard));
    let _ = loaded.linker.learn(&patterns);
}

/// Processor time of this process so far, both modes.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mib() -> f64 {
    status("VmHWM:")
}
fn resident_mib() -> f64 {
    status("VmRSS:")
}
fn status(key: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

const SINGLES: usize = 20_000;
