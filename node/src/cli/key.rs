use super::verbs::ask;
use super::{Output, input, write_whole};
use crate::control::{Reply, Request};
use crate::failure::Failure;
use clap::Subcommand;
use protocol::time::Millis;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use store::{BackupError, Expired, RecoverError, Sheet, SheetError, Store};

#[derive(Subcommand)]
pub enum KeyVerb {
    /// Print the master key for the paper in the safe; whoever has it and a backup reads everything
    Sheet {
        /// Write a page to print instead of showing the key on the screen
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
    /// Type the master key in from its sheet, on a new machine; it is taken only if it fits the store in the folder
    Recover {
        /// Where the groups are; stdin if there is none, so that they stay out of the shell's history
        #[arg(long, value_name = "FILE", default_value = "-")]
        from: PathBuf,
    },
    /// Save the keys of all patients into a file of their own, apart from other backups
    Backup {
        /// A folder on another medium
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// How long it may be restored; then keys that were erased meanwhile have to be gone from it too
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=366))]
        days: u64,
    },
    /// Give a stopped node the keys of patients that it lacks; those that were erased stay erased
    Restore {
        /// What `key backup` wrote
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// Also if it has expired
        #[arg(long)]
        expired: bool,
    },
}

pub fn run(folder: &Path, verb: KeyVerb, out: &Output) -> Result<Reply, Failure> {
    match verb {
        KeyVerb::Sheet { html } => sheet(folder, html.as_deref()),
        KeyVerb::Recover { from } => recover(folder, &from),
        KeyVerb::Backup { to, days } => ask(folder, Request::KeyBackup { to: input::absolute(&to)?, days }, out),
        KeyVerb::Restore { from, expired } => restore(folder, &from, expired),
    }
}

fn sheet(folder: &Path, html: Option<&Path>) -> Result<Reply, Failure> {
    let sheet = Sheet::of(folder).map_err(|error| match &error {
        SheetError::NoKey(_) => Failure::usage(error),
        SheetError::Disk(_) => Failure::store(error),
    })?;
    let lines = lines(&sheet);
    if let Some(path) = html {
        write_private(path, &page(&sheet, &lines))
            .map_err(|error| Failure::store(format!("{}: {error}", path.display())))?;
        let text =
            format!("Written to {}. Print it, put the paper into the safe, and delete the file.", path.display());
        return Ok(Reply::new(json!({ "store": sheet.check, "file": path.display().to_string() }), text));
    }
    let text = format!(
        "Recovery sheet of store {}\n\n  {}\n\nWrite it down or print it, and put the paper into the safe: without keys/store.key nothing of this node \
         can be read,\nand whoever has this sheet and a backup reads everything but erased patients. On a new machine: restore the \
         backup,\nthen `musubi key recover`.",
        sheet.check,
        lines.join("\n  ")
    );
    Ok(Reply::new(json!({ "store": sheet.check, "groups": sheet.groups }), text))
}

/// Numbered rows of groups.
fn lines(sheet: &Sheet) -> Vec<String> {
    let groups: Vec<&str> = sheet.groups.split('-').collect();
    let row = |(at, row): (usize, &[&str])| format!("{:>2}  {}", at * ROW_GROUPS + 1, row.join("  "));
    groups.chunks(ROW_GROUPS).enumerate().map(row).collect()
}

/// A page that prints on one sheet. Nothing in it comes from outside.
fn page(sheet: &Sheet, lines: &[String]) -> String {
    let height = lines.len() * 44 + 40;
    let rows = lines
        .iter()
        .enumerate()
        .map(|(at, line)| format!("<text x=\"24\" y=\"{}\" xml:space=\"preserve\">{line}</text>\n", at * 44 + 48));
    format!(
        "<!doctype html>\n<html lang=\"ja\"><head><meta charset=\"utf-8\"><title>Musubi {check}</title>\n\
         <style>body{{font-family:sans-serif;max-width:42em;margin:2em auto}}svg text{{font:24px monospace}}\
         @page{{size:A4;margin:20mm}}</style></head><body>\n\
         <h1>Musubi 復旧シート · Recovery sheet</h1>\n<p>保管庫 · Store <b>{check}</b></p>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"620\" height=\"{height}\">\
         <rect x=\"1\" y=\"1\" width=\"618\" height=\"{box_height}\" fill=\"none\" stroke=\"black\"/>\n{rows}</svg>\n\
         <p>この紙は金庫に保管してください。バックアップとこの紙があれば、抹消した患者を除くすべての記録が読めます。\
         新しい機械では、バックアップを戻してから <code>musubi key recover</code> と入力し、上の文字を入力します。</p>\n\
         <p>Keep this paper in the safe. Who has it and a backup reads everything but erased patients. On a new machine restore the \
         backup, type <code>musubi key recover</code> and then the letters above.</p>\n</body></html>\n",
        check = sheet.check,
        box_height = height - 2,
        rows = rows.collect::<String>(),
    )
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    write_whole(path, "")?;
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    std::fs::write(path, text)
}

fn recover(folder: &Path, from: &Path) -> Result<Reply, Failure> {
    if from == Path::new("-") && std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        eprintln!("Type the groups of the sheet, in order and without the numbers before the rows; end with Ctrl-D:");
    }
    let typed = input::text(from)?;
    let check = store::recover(folder, &without_numbers(&typed)).map_err(|error| match &error {
        RecoverError::Typed(_) | RecoverError::Whole => Failure::usage(error),
        RecoverError::Foreign { .. } | RecoverError::Nothing | RecoverError::Taken => Failure::refused(error),
        RecoverError::Open(_) | RecoverError::Disk(_) => Failure::store(error),
    })?;
    let text = format!(
        "The key fits: keys/store.key of store {check} is in place. If keys/patients.a and .b are missing too, `musubi key restore \
         --from FILE` brings them back; then `musubi run`."
    );
    Ok(Reply::new(json!({ "ok": true, "store": check }), text))
}

/// What was typed, without the numbers that stand before the rows of the sheet: groups have five letters.
fn without_numbers(typed: &str) -> String {
    let is_number = |word: &&str| word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit());
    typed.split_whitespace().filter(|word| !is_number(word)).collect::<Vec<_>>().join(" ")
}

fn restore(folder: &Path, from: &Path, expired: bool) -> Result<Reply, Failure> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let expired = if expired { Expired::Take } else { Expired::Refuse };
    let now = Millis(u64::try_from(now).unwrap_or(u64::MAX));
    let keys = Store::restore_keys(folder, from, now, expired).map_err(|error| match &error {
        BackupError::Unfit { .. } | BackupError::Expired { .. } => Failure::refused(error),
        _ => Failure::store(error),
    })?;
    Ok(Reply::new(json!({ "ok": true, "keys": keys }), format!("{keys} keys of patients came back. Now `musubi run`.")))
}

const ROW_GROUPS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_rows_may_be_typed_or_left_out() {
        assert_eq!(without_numbers(" 1  ABCDE  FGHIJ\n 6  KLMNO\n"), "ABCDE FGHIJ KLMNO");
        assert_eq!(without_numbers("ABCDE-FGHIJ"), "ABCDE-FGHIJ");
    }
}
