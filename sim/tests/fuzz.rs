//! Bounded fuzzing in the ordinary test command: made-up files, mutated by a seed, through the targets of `tests/fuzz`.
//!
//! `FUZZ_ROUNDS` says how many inputs each target gets, `FUZZ_SEED` which; a failure names both and the round.
#[path = "../../tests/fuzz/src/targets.rs"]
mod targets;

use protocol::ids::FacilityId;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use records::ssmix2::kinds;
use sim::region::{Plan, Sink, generate, preset};
use std::io;
use std::panic::catch_unwind;
use targets::{TARGETS, read_as};

const ROUNDS: u64 = 150;
/// Inputs are cut to this, so that a round stays short.
const INPUT_BYTES_MAX: usize = 64 << 10;

/// Files of every kind with their paths, a few of each.
#[derive(Default)]
struct Corpus {
    files: Vec<(String, Vec<u8>)>,
}

impl Sink for Corpus {
    fn file(&mut self, _: &FacilityId, path: &str, bytes: &[u8]) -> io::Result<()> {
        let kind = path.split('/').nth(5).unwrap_or_default();
        let known = self.files.iter().filter(|(known, _)| known.split('/').nth(5) == Some(kind)).count();
        if known < 8 {
            self.files.push((path.to_owned(), bytes.to_vec()));
        }
        Ok(())
    }
    fn region_file(&mut self, _: &str, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

fn corpus() -> Corpus {
    let mut corpus = Corpus::default();
    let plan = Plan { patients: 60, years: 2, ..preset("worst").expect("known") };
    generate(&plan, &mut corpus).expect("generates");
    assert!(corpus.files.len() > 100, "{} files", corpus.files.len());
    corpus
}

struct Mutator(ChaCha8Rng);

impl Mutator {
    fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound.max(1) as u64) as usize
    }
    /// One to four mutations of a file, with pieces of another.
    fn mutate(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let mut out = bytes[..bytes.len().min(INPUT_BYTES_MAX)].to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(out.len() + 1);
            match self.below(9) {
                0 => (0..=self.below(8)).for_each(|_| {
                    let (at, bit) = (self.below(out.len()), self.below(8));
                    out.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << bit);
                }),
                1 => out.truncate(at),
                2 => {
                    let from = self.below(other.len());
                    let len = self.below(other.len() - from).min(2_000);
                    out.splice(at..at, other[from..from + len].iter().copied());
                }
                3 => {
                    let end = (at + self.below(200)).min(out.len());
                    out.drain(at..end);
                }
                4 => self.repeat(&mut out, at),
                5 => {
                    let token = TOKENS[self.below(TOKENS.len())];
                    let times = 1 + self.below(3) * self.below(400);
                    out.splice(at..at, token.repeat(times));
                }
                6 => {
                    // Segments in another order.
                    let mut lines: Vec<Vec<u8>> = out.split(|b| *b == b'\r').map(<[u8]>::to_vec).collect();
                    let (a, b) = (self.below(lines.len()), self.below(lines.len()));
                    lines.swap(a, b);
                    out = lines.join(&b'\r');
                }
                7 => {
                    let byte = self.below(256) as u8;
                    let end = (at + self.below(40)).min(out.len());
                    out[at..end].fill(byte);
                }
                _ => {
                    // A field emptied, or filled with another's.
                    let mut fields: Vec<Vec<u8>> = out.split(|b| *b == b'|').map(<[u8]>::to_vec).collect();
                    let (to, from) = (self.below(fields.len()), self.below(fields.len()));
                    fields[to] = if self.below(2) == 0 { Vec::new() } else { fields[from].clone() };
                    out = fields.join(&b'|');
                }
            }
            out.truncate(INPUT_BYTES_MAX);
        }
        out
    }
    /// A piece of the input many times.
    fn repeat(&mut self, out: &mut Vec<u8>, at: usize) {
        let end = (at + self.below(60)).min(out.len());
        let piece = out[at..end].to_vec();
        let times = self.below(200);
        out.splice(at..at, piece.repeat(times));
    }
}

const TOKENS: &[&[u8]] = &[
    b"|",
    b"^",
    b"~",
    b"&",
    b"\\",
    b"\r",
    b"\n",
    b"\\F\\",
    b"\\.sp20\\",
    b"\\X0D0A\\",
    b"\\XFF\\",
    b"\\Z",
    b"\x1b$B",
    b"\x1b(B",
    b"\x1b(I",
    b"\x1b$(D",
    b"\x0e",
    b"\x0f",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x81\x7c",
    b"\xa4\xa2",
    b"\"\"",
    b"MSH|^~\\&|",
    b"OBX|",
    b"_",
    b"/",
    b"..",
    b"-",
    b"<a>",
    b"</",
    b"<!--",
    b"<![CDATA[",
    b"&#x41;",
    b"\0",
    b"00000000",
    b"99999999999999999999",
    b"=\"",
];

fn rounds() -> (u64, u64) {
    let read = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    (read("FUZZ_ROUNDS", ROUNDS), read("FUZZ_SEED", 1))
}

#[test]
fn mutated_files_never_crash_a_parser() {
    let (rounds, seed) = rounds();
    let corpus = corpus();
    for (name, target) in TARGETS {
        for round in 0..rounds {
            let mut mutator = Mutator(ChaCha8Rng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(round)));
            let (path, bytes) = &corpus.files[mutator.below(corpus.files.len())];
            let (_, other) = &corpus.files[mutator.below(corpus.files.len())];
            let input = match *name {
                "path" | "extended" => {
                    mutator.mutate(path.split_once('/').map_or("", |(_, below)| below).as_bytes(), b"_^-/")
                }
                "iso2022" => mutator.mutate(&bytes[bytes.len() / 2..], other),
                "views" => {
                    let kind = path.split('/').nth(5).unwrap_or_default();
                    let which = kinds::ALL.iter().position(|info| info.code == kind).unwrap_or(0);
                    [vec![which as u8], mutator.mutate(bytes, other)].concat()
                }
                _ => mutator.mutate(bytes, other),
            };
            let outcome = catch_unwind(|| target(&input));
            assert!(outcome.is_ok(), "{name}: FUZZ_SEED={seed} round {round} of FUZZ_ROUNDS={rounds} crashed");
        }
    }
}

#[test]
fn any_kind_reads_any_other_kinds_files() {
    let corpus = corpus();
    for (_, bytes) in &corpus.files {
        kinds::ALL.iter().for_each(|info| read_as(info.code, bytes));
    }
}

/// Inputs that are built to grow: bounded work, and a clear problem where a limit was met.
mod bombs {
    use super::*;
    use protocol::kinds::DataKind;
    use records::Fault;

    const HEAD: &str = "MSH|^~\\&|A|B|||20240405||OUL^R22^OUL_R22|1|P|2.5\rPID|1||1^^^^PI||a^b^^^^^L^A||19800101|M\r";

    fn read(rest: &str) -> Vec<Fault> {
        let text = format!("{HEAD}{rest}");
        read_as("OML-11", text.as_bytes());
        let kind = DataKind::parse("OML-11").expect("a kind");
        let parsed = records::parse_record(&kind, text.as_bytes()).expect("taken in");
        parsed.problems.into_iter().map(|problem| problem.fault).collect()
    }

    #[test]
    fn a_million_fields() {
        assert!(read(&format!("OBX|{}\r", "|x".repeat(1_000_000))).contains(&Fault::BeyondLimit));
    }
    #[test]
    fn a_million_segments() {
        assert!(read(&"NTE|1||x\r".repeat(1_000_000)).contains(&Fault::BeyondLimit));
    }
    #[test]
    fn fields_of_a_hundred_thousand_characters() {
        let long = "検体".repeat(50_000);
        assert!(
            !read(&format!("OBR|1|1||{long}^{long}^99X\rOBX|1|ST|{long}^{long}^99X||{long}||||||F\rNTE|1||{long}\r"))
                .is_empty()
        );
    }
    #[test]
    fn escapes_that_ask_for_much() {
        let faults =
            read(&format!("OBR|1|1||1^x^99X\rOBX|1|ST|1^x^99X||{}||||||F\r", "\\.sp999999999\\".repeat(50_000)));
        assert!(!faults.contains(&Fault::BadEscape), "known escapes, bounded");
        let open = read(&format!("OBR|1|1||1^x^99X\rOBX|1|ST|1^x^99X||{}||||||F\r", "\\Q".repeat(200_000)));
        assert!(open.contains(&Fault::BadEscape));
    }
    #[test]
    fn a_long_label_on_many_rows() {
        let long = "x".repeat(400_000);
        let rows = "OBX|1|NM|1^y^99X||1||||||F\r".repeat(30_000);
        assert!(read(&format!("SPM|1|||1^{long}^99X\rOBR|1|1||1^{long}^99X\r{rows}")).contains(&Fault::BeyondLimit));
        let notes = "NTE|1||y\r".repeat(30_000);
        assert!(
            !read(&format!("OBR|1|1||1^x^99X\rOBX|1|ST|1^{long}^99X||1||||||F\r{notes}")).contains(&Fault::BeyondLimit)
        );
    }
    #[test]
    fn many_patients_with_many_numbers() {
        let numbers = vec!["1"; 500].join("~");
        let pid = format!("PID|1||2~{numbers}||a^b\r");
        let own = pid.replace("2~", "");
        let text = format!("{}{own}{}", HEAD.split_once("PID").expect("there").0, pid.repeat(8_000));
        read_as("OML-11", text.as_bytes());
    }
    #[test]
    fn many_groups_of_drugs() {
        let group = |n: u32| {
            format!(
                "ORC|NW|1||{n}\rRXE||1^x^99X|1||TAB||||||||||||||||C{n}^k{n}^MR9P\rTQ1|1||||||||||t{n}\rTQ1|2\rRXR|PO\r"
            )
        };
        let body: String = (0..8_000).map(group).collect();
        let text = format!("{HEAD}{body}").replace("OUL^R22^OUL_R22", "RDE^O11^RDE_O11");
        read_as("OMP-01", text.as_bytes());
        read_as("OMP-02", text.as_bytes());
    }
    #[test]
    fn deep_and_endless_documents() {
        for piece in ["<a>", "<a b='", "<!-- ", "<![CDATA[", "&amp;", "<!DOCTYPE x [<!ENTITY a \"aaaa\">"] {
            targets::content(piece.repeat(80_000).as_bytes());
        }
    }
    #[test]
    fn shifts_without_end() {
        for piece in [b"\x1b$B".as_slice(), b"\x1b(I!", b"\x0e", b"\x1b$B!!", b"\x1b"] {
            let bytes = [HEAD.as_bytes(), b"NTE|1||", &piece.repeat(300_000)].concat();
            targets::charset(&bytes);
            targets::iso2022(&piece.repeat(100_000));
        }
    }
}
