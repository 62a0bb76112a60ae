use super::Output;
use crate::config::{self, Facility, KEYS, Preset};
use crate::control::{self, Reply, Request};
use crate::failure::Failure;
use clap::{Args, Subcommand, ValueEnum};
use protocol::ids::{AuthorityId, FacilityId};
use protocol::kinds::FacilityClass;
use serde_json::json;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A node in a folder, or one more facility of it.
#[derive(Args)]
pub struct Setup {
    /// Ten digits: 保険医療機関番号 with prefecture and table number, or what the network gave from 99 on
    #[arg(long, value_name = "DIGITS")]
    id: String,
    /// The facility's name
    #[arg(long)]
    name: String,
    /// hospital, clinic, dental, pharmacy, visiting-nursing, care, lab, checkup, fire or municipal
    #[arg(long)]
    class: String,
    /// OID of who gives its patient numbers
    #[arg(long, value_name = "OID")]
    authority: String,
    /// Size of the machine and its task (for a new node)
    #[arg(long, value_enum, default_value = "clinic")]
    preset: PresetWord,
    /// The node's name, if another than the first facility's (for a new node)
    #[arg(long)]
    node_name: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum PresetWord {
    Clinic,
    Hospital,
    Hub,
    Relay,
}

/// How the node is started.
#[derive(Args)]
pub struct Run {
    /// Write this file when everything runs; removed at the end
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// The computer's clock is right, although it is more than two weeks ahead of the newest entry of this node
    #[arg(long)]
    pub trust_clock: bool,
}

#[derive(Subcommand)]
pub enum ConfigVerb {
    /// Read the file and say what is wrong with it
    Check,
    /// What a key means, its range and default; without a key: all
    Explain {
        /// As in the file, tables joined by dots: peer.relay
        key: Option<String>,
    },
    /// What is in force: file and environment
    Show,
}

/// Writes the configuration, then has the node make its keys.
pub fn set_up(folder: &Path, args: &Setup, out: &Output) -> Result<Reply, Failure> {
    let facility = Facility {
        id: FacilityId::parse(&args.id)?,
        name: args.name.trim().to_owned(),
        class: FacilityClass::parse(&args.class).ok_or_else(|| {
            let words: Vec<&str> = FacilityClass::ALL.iter().map(|class| class.word()).collect();
            Failure::usage(format!("{:?} is no class of facilities", args.class))
                .next(format!("use one of {}", words.join(", ")))
        })?,
        authority: AuthorityId::parse(&args.authority)?,
        feeds: Vec::new(),
    };
    write_config(folder, args, &facility)?;
    let mut reply = super::verbs::ask(folder, Request::SetUp, out)?;
    let _ = write!(
        reply.text,
        "\n\nNext:\n  musubi feed add PATH        where this facility's SS-MIX2 storage lies\n  musubi run                  start the node\n  \
         musubi join INVITE          join a network (or `musubi founders found` to begin one)"
    );
    Ok(reply)
}

fn write_config(folder: &Path, args: &Setup, facility: &Facility) -> Result<(), Failure> {
    let path = folder.join(config::FILE);
    let failed = |error: std::io::Error| Failure::store(format!("{}: {error}", path.display()));
    if !path.exists() && folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        let what = format!("{} has files in it, but no {}", folder.display(), config::FILE);
        return Err(Failure::usage(what).next("choose an empty or new folder with --folder DIR"));
    }
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            config::first_text(args.preset.into(), args.node_name.as_deref())
        }
        Err(error) => return Err(failed(error)),
    };
    let known = config::parse(&text, figment::Figment::new())?;
    if known.facilities.iter().any(|known| known.id == facility.id) {
        return Ok(());
    }
    let text = config::add_facility(&text, facility);
    config::parse(&text, figment::Figment::new())?;
    // Keys and journal will lie in it: nobody else on the machine looks in.
    std::os::unix::fs::DirBuilderExt::mode(std::fs::DirBuilder::new().recursive(true), 0o700)
        .create(folder)
        .map_err(failed)?;
    write_whole(&path, &text).map_err(failed)
}

/// Writes a file whole or not at all.
pub fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let part = path.with_extension("part");
    let mut file = std::fs::File::create(&part)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(part, path)
}

impl From<PresetWord> for Preset {
    fn from(word: PresetWord) -> Self {
        match word {
            PresetWord::Clinic => Self::Clinic,
            PresetWord::Hospital => Self::Hospital,
            PresetWord::Hub => Self::Hub,
            PresetWord::Relay => Self::Relay,
        }
    }
}

/// `config …`: the file alone, no node needed.
pub fn config(folder: &Path, verb: ConfigVerb) -> Result<Reply, Failure> {
    match verb {
        ConfigVerb::Check => {
            let config = config::load(folder)?;
            let running = control::is_running(folder);
            let mut text =
                format!("{}: fine (facilities: {})", folder.join(config::FILE).display(), config.facilities.len());
            if running {
                text.push_str("\nA node runs here; feeds are taken at once, everything else after a restart.");
            }
            Ok(Reply::new(json!({ "ok": true, "facilities": config.facilities.len(), "running": running }), text))
        }
        ConfigVerb::Explain { key: None } => {
            let lines: Vec<String> = KEYS.iter().map(|key| format!("{:34} {}", key.key, key.meaning)).collect();
            Ok(Reply::new(json!({ "keys": KEYS }), lines.join("\n")))
        }
        ConfigVerb::Explain { key: Some(name) } => {
            let key = config::explain(&name).ok_or_else(|| {
                let nearest = config::nearest(&name).map(|near| format!("did you mean `{near}`?"));
                let next = nearest.unwrap_or_else(|| "`musubi config explain` lists every key".into());
                Failure::usage(format!("`{name}` is no configuration key")).next(next)
            })?;
            let when = if key.restart { "after a restart" } else { "at once" };
            let variable = format!("MUSUBI_{}", key.key.to_uppercase().replace('.', "__"));
            let text = format!(
                "{}\n  {}\n  range    {}\n  default  {}\n  taken    {when}\n  also as  {variable}",
                key.key, key.meaning, key.range, key.default
            );
            Ok(Reply::new(json!({ "key": key, "variable": variable }), text))
        }
        ConfigVerb::Show => {
            let whole = config::in_force(&config::load(folder)?);
            let json = serde_json::to_value(&whole).unwrap_or_default();
            let text = toml::to_string(&whole).unwrap_or_else(|error| error.to_string());
            Ok(Reply::new(json, text.trim_end()))
        }
    }
}
