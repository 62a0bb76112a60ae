use super::show::{table, when};
use super::state::Desk;
use super::words;
use crate::control::{NewStaff, Reply};
use crate::failure::Failure;
use serde_json::{Value, json};
use service::Staff;
use service::staff::{AccountError, AccountRow, Fate, Made, Preview, Reset, StaffNumber, Typed, csv_of};

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Write(error) => error.into(),
            AccountError::Unknown(_) => Self::refused(error).next("`musubi staff list` shows the numbers"),
            AccountError::LastAdministrator => Self::refused(error)
                .next("`musubi staff add LOGIN --name NAME --role administrator`, and let them sign in once"),
            AccountError::Text(_) | AccountError::Password(_) | AccountError::List(_) => {
                Self::usage(error).next("`musubi staff add --help` and `musubi staff import --help` show the forms")
            }
            AccountError::Right(_) | AccountError::Full | AccountError::Refused => Self::refused(error),
        }
    }
}

/// Everybody.
pub fn list(desk: &Desk, uid: u32) -> Result<Reply, Failure> {
    let rows = desk.service().accounts().list(&words::administrator(uid)?)?;
    let text = match rows.is_empty() {
        true => "Nobody has an account yet. `musubi run` prints a set-up link; or use `musubi staff add`.".to_owned(),
        false => table(
            &["Number", "Login", "Name", "Role", "Department", "State", "Second factor", "Last in"],
            rows.iter().map(|row| {
                vec![
                    row.number.to_string(),
                    row.login.to_string(),
                    row.name.expose().clone(),
                    row.role.to_string(),
                    row.department.clone(),
                    row.state.word().to_owned(),
                    if row.has_factor { "yes" } else { "no" }.to_owned(),
                    row.seen_at.map(when).unwrap_or_default(),
                ]
            }),
        ),
    };
    Ok(Reply::new(json!({ "staff": rows.iter().map(row_json).collect::<Vec<_>>() }), text))
}

/// Adds somebody.
pub fn add(desk: &Desk, uid: u32, new: NewStaff) -> Result<Reply, Failure> {
    let NewStaff { login, name, role, department, facility } = new;
    let typed = Typed { login, name, role, department, facility };
    let made = desk.service().accounts().add(&words::administrator(uid)?, &typed)?;
    Ok(one_code(desk, &made, "added"))
}

/// A new one-time code.
pub fn reset(desk: &Desk, uid: u32, number: &str, factor: bool) -> Result<Reply, Failure> {
    let reset = if factor { Reset::PasswordAndFactor } else { Reset::Password };
    let made = desk.service().accounts().reset(&words::administrator(uid)?, parse(number)?, reset)?;
    Ok(one_code(desk, &made, "reset"))
}

fn one_code(desk: &Desk, made: &Made, done: &str) -> Reply {
    let page = desk.page().unwrap_or("the node's page");
    let text = format!(
        "{} ({}) {done}. One-time code, shown only now, until {}:\n\n  {}\n\nThey open {page}, choose \"one-time code\", and set a \
         password of their own.",
        made.row.number,
        made.row.login,
        when(made.until),
        made.code
    );
    Reply::new(made_json(made), text)
}

/// Lets somebody out, or in again.
pub fn set_state(
    desk: &Desk,
    uid: u32,
    number: &str,
    change: impl FnOnce(&service::staff::Accounts, &Staff, StaffNumber) -> Result<(), AccountError>,
    done: &str,
) -> Result<Reply, Failure> {
    let number = parse(number)?;
    change(desk.service().accounts(), &words::administrator(uid)?, number)?;
    Ok(Reply::new(json!({ "number": number.to_string(), "state": done }), format!("{number} is {done}.")))
}

/// What a list would do, or does.
pub fn import(desk: &Desk, uid: u32, list: &[u8], yes: bool) -> Result<Reply, Failure> {
    let (accounts, staff) = (desk.service().accounts(), words::administrator(uid)?);
    let (preview, made) = match yes {
        true => accounts.import(&staff, list)?,
        false => (accounts.preview(&staff, list)?, Vec::new()),
    };
    let lines = preview.lines.iter().map(|line| {
        let (fate, why) = fate(&line.fate);
        json!({ "line": line.line, "login": line.login, "fate": fate, "why": why })
    });
    let json = json!({
        "lines": lines.collect::<Vec<Value>>(), "new": preview.fresh(), "wrong": preview.wrong(), "done": yes,
        "added": made.iter().map(made_json).collect::<Vec<_>>(),
    });
    let mut text = table(
        &["Line", "Login", "", "Why"],
        preview.lines.iter().map(|line| {
            let (fate, why) = fate(&line.fate);
            vec![line.line.to_string(), line.login.clone(), fate.to_owned(), why]
        }),
    );
    text.push_str(&summary(&preview, yes));
    let reply = Reply::new(json, text).exit(u8::from(preview.wrong() > 0));
    if made.is_empty() {
        return Ok(reply);
    }
    let cells: Vec<[String; 4]> = made
        .iter()
        .map(|one| {
            let row = &one.row;
            [row.number.to_string(), row.login.to_string(), row.name.expose().clone(), one.code.clone()]
        })
        .collect();
    let head = vec!["number", "login", "name", "code"];
    let rows = cells.iter().map(|row| row.iter().map(String::as_str).collect());
    Ok(reply.file(csv_of(std::iter::once(head).chain(rows))))
}

fn summary(preview: &Preview, yes: bool) -> String {
    let (new, wrong) = (preview.fresh(), preview.wrong());
    match yes {
        true => format!("\n\n{new} added, {wrong} lines left out."),
        false => format!("\n\n{new} would be added, {wrong} lines are wrong. Nothing was changed; add --yes to do it."),
    }
}

fn fate(fate: &Fate) -> (&'static str, String) {
    match fate {
        Fate::New(new) => ("new", format!("{}", new.role)),
        Fate::Known => ("known", "the login is known here; nothing is changed".into()),
        Fate::Twice(line) => ("twice", format!("the same login as in line {line}")),
        Fate::Wrong(fault) => ("wrong", fault.to_string()),
    }
}

/// A new set-up link.
pub fn link(desk: &Desk) -> Result<Reply, Failure> {
    let page = desk.page().ok_or_else(|| {
        Failure::refused("the page is not open, so a link would lead nowhere")
            .next("start the node with `musubi run`, or add the first administrator with `musubi staff add`")
    })?;
    let secret = desk.service().accounts().set_up_link().ok_or_else(|| {
        Failure::refused("somebody has an account already").next("`musubi staff list` and `musubi staff reset NUMBER`")
    })?;
    let link = format!("{page}setup?key={secret}");
    let text = format!("Within 30 minutes, once:\n\n  {link}");
    Ok(Reply::new(json!({ "setup": link }), text))
}

fn parse(number: &str) -> Result<StaffNumber, Failure> {
    StaffNumber::parse(number).ok_or_else(|| {
        Failure::usage(format!("{:?} is no number of a list", number.chars().take(20).collect::<String>()))
            .next("`musubi staff list` shows the numbers as s1, s2, …")
    })
}

fn row_json(row: &AccountRow) -> Value {
    json!({
        "number": row.number.to_string(), "login": row.login.as_str(), "name": row.name.expose(), "role": row.role.word(),
        "department": row.department, "facility": row.facility.to_string(), "state": row.state.word(),
        "second_factor": row.has_factor, "made_at": row.made_at.0, "seen_at": row.seen_at.map(|at| at.0),
    })
}

fn made_json(made: &Made) -> Value {
    let mut json = row_json(&made.row);
    json["code"] = made.code.clone().into();
    json["until"] = made.until.0.into();
    json
}
