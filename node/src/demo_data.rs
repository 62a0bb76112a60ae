//! `musubi demo-data`: made-up SS-MIX2 storages in a folder, the same for the same seed.
use crate::cli::Output;
use crate::control::{Progress, Reply};
use crate::failure::Failure;
use protocol::ids::{AuthorityId, FacilityId};
use protocol::kinds::FacilityClass;
use protocol::time::Date;
use serde_json::json;
use sim::region::{Deviations, FacilityPlan, GenerateError, PRESETS, Plan, Sink, Summary, generate, preset};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// What is to be made up.
#[derive(clap::Args)]
pub struct Args {
    /// A new or empty folder; each facility gets one of its own in it
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// demo, clean (no deviations from the standard), worst (every deviation there is) or deviations (the same, small)
    #[arg(long, default_value = "demo")]
    preset: String,
    /// How many people
    #[arg(long, value_name = "N")]
    patients: Option<u32>,
    /// A facility: `DIGITS:CLASS:NAME[:NETWORK[:SIZE]]`; again for each. Without: the five of the preset
    #[arg(long, value_name = "FACILITY")]
    facility: Vec<String>,
    /// The same seed makes the same files
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Years of history
    #[arg(long, value_name = "N")]
    years: Option<u8>,
    /// The last day of it, YYYYMMDD
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// Files that deviate from the standard, of a thousand
    #[arg(long, value_name = "N")]
    deviations: Option<u16>,
}

/// Writes the storages.
pub fn run(args: &Args, out: &Output) -> Result<Reply, Failure> {
    let plan = plan(args)?;
    let mut bar = out.bar();
    let summary = write(&args.to, &plan, &mut |files| {
        bar.show(&Progress { what: "writing made-up storages".into(), done: files, total: None });
    })?;
    bar.clear();
    let lines = summary.facilities.iter().map(|(id, house)| {
        format!(
            "  {}  {} people, {} files",
            args.to.join(id.as_str()).display(),
            house.patients,
            house.standard.files + house.extended.files
        )
    });
    let text = format!(
        "{} made-up people, {} files, {} known to more than one facility:\n{}",
        summary.people,
        summary.files(),
        summary.shared,
        lines.collect::<Vec<_>>().join("\n")
    );
    let facilities: Vec<_> = plan
        .facilities
        .iter()
        .map(|f| json!({
            "id": f.id.to_string(), "name": f.name, "class": f.class.word(), "authority": f.authority.as_str(),
            "network": f.network, "path": args.to.join(f.id.as_str()).display().to_string(), "summary": summary.facilities.get(&f.id),
        }))
        .collect();
    let json = json!({
        "to": args.to.display().to_string(), "seed": plan.seed, "people": summary.people, "files": summary.files(),
        "shared": summary.shared, "across_networks": summary.across_networks, "facilities": facilities,
    });
    Ok(Reply::new(json, text))
}

/// Writes the storages of a plan below a new or empty folder.
///
/// # Errors
/// [`Failure`] if the folder has something in it, or the disk refuses.
pub fn write(to: &Path, plan: &Plan, tell: &mut dyn FnMut(u64)) -> Result<Summary, Failure> {
    let failed = |error: io::Error| Failure::store(format!("{}: {error}", to.display()));
    std::fs::create_dir_all(to).map_err(failed)?;
    if to.read_dir().map_err(failed)?.next().is_some() {
        return Err(Failure::usage(format!("{} has files in it", to.display())).next("name a new or empty folder"));
    }
    let mut disk = Disk { to, made: BTreeSet::new(), files: 0, tell };
    generate(plan, &mut disk).map_err(|error| match error {
        GenerateError::Plan(error) => Failure::usage(error),
        GenerateError::Sink(ref cause) => Failure::store(format!("{error} ({cause})")),
    })
}

struct Disk<'a> {
    to: &'a Path,
    made: BTreeSet<PathBuf>,
    files: u64,
    tell: &'a mut dyn FnMut(u64),
}

impl Disk<'_> {
    fn put(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if let Some(folder) = path.parent()
            && !self.made.contains(folder)
        {
            std::fs::create_dir_all(folder)?;
            self.made.insert(folder.to_owned());
        }
        std::fs::write(path, bytes)?;
        self.files += 1;
        if self.files.is_multiple_of(TELL_EVERY) {
            (self.tell)(self.files);
        }
        Ok(())
    }
}

impl Sink for Disk<'_> {
    fn file(&mut self, facility: &FacilityId, rel_path: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.to.join(facility.as_str()).join(rel_path);
        self.put(&path, bytes)
    }
    fn region_file(&mut self, rel_path: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.to.join(rel_path);
        self.put(&path, bytes)
    }
}

fn plan(args: &Args) -> Result<Plan, Failure> {
    let mut plan = preset(&args.preset).ok_or_else(|| {
        Failure::usage(format!("{:?} is no preset", args.preset)).next(format!("use {}", PRESETS.join(", ")))
    })?;
    plan.seed = args.seed;
    plan.patients = args.patients.unwrap_or(plan.patients);
    plan.years = args.years.unwrap_or(plan.years);
    if let Some(until) = &args.until {
        plan.until =
            Date::parse(until).ok_or_else(|| Failure::usage(format!("{until:?} is no date")).next("write YYYYMMDD"))?;
    }
    plan.deviations = match args.deviations {
        None => plan.deviations,
        Some(0) => Deviations::Off,
        Some(permille) => Deviations::Some { permille },
    };
    if !args.facility.is_empty() {
        plan.facilities = args.facility.iter().map(|text| facility(text)).collect::<Result<_, _>>()?;
    }
    plan.check().map_err(Failure::usage)?;
    Ok(plan)
}

fn facility(text: &str) -> Result<FacilityPlan, Failure> {
    let wrong = || {
        Failure::usage(format!("{text:?} is no facility"))
            .next("write DIGITS:CLASS:NAME[:NETWORK[:SIZE]], such as 9903100025:clinic:椿ヶ浜内科")
    };
    let parts: Vec<&str> = text.split(':').collect();
    let [id, class, name, rest @ ..] = parts.as_slice() else { return Err(wrong()) };
    let id = FacilityId::parse(id)?;
    let size = rest.get(1).map_or(Ok(SIZE), |size| size.parse().map_err(|_| wrong()))?;
    Ok(FacilityPlan {
        authority: AuthorityId::parse(&format!("1.2.392.100495.20.3.51.1{id}"))?,
        name: (*name).to_owned(),
        class: FacilityClass::parse(class).ok_or_else(wrong)?,
        network: rest.first().map_or_else(|| "地域".to_owned(), |network| (*network).to_owned()),
        id,
        size,
    })
}

/// The bar moves once for so many files.
const TELL_EVERY: u64 = 64;
/// Of a thousand people, a facility knows so many if nobody says.
const SIZE: u32 = 500;
