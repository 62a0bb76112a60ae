use super::verbs::ask;
use super::{Output, input};
use crate::control::{Reply, Request};
use crate::failure::Failure;
use clap::Subcommand;
use protocol::audit::Evidence;
use protocol::consent::Certificate;
use protocol::crypto::Real;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum AuditVerb {
    /// The newest events
    List {
        /// From this number on
        #[arg(long)]
        from: Option<u64>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Only those about this patient
        #[arg(long, value_name = "PATIENT")]
        patient: Option<String>,
    },
    /// Check the whole log of this node; with a file: check evidence or a withdrawal certificate, no node needed
    Verify {
        /// An evidence file, or a withdrawal certificate
        file: Option<PathBuf>,
    },
    /// Evidence that an event is in the log, as a file for --out
    Prove {
        /// Its number
        leaf: u64,
    },
}

pub fn run(folder: &Path, verb: AuditVerb, out: &Output) -> Result<Reply, Failure> {
    match verb {
        AuditVerb::List { from, limit, patient } => ask(folder, Request::AuditList { from, limit, patient }, out),
        AuditVerb::Verify { file: None } => ask(folder, Request::AuditVerify, out),
        AuditVerb::Verify { file: Some(file) } => verify_file(&file),
        AuditVerb::Prove { leaf } => ask(folder, Request::AuditProve { leaf }, out),
    }
}

/// Checks an evidence file or a certificate with nothing but what is in it.
fn verify_file(file: &Path) -> Result<Reply, Failure> {
    let text = input::text(file)?;
    if Certificate::is_one(&text) {
        let certificate = Certificate::verify(&text, &Real).map_err(Failure::refused)?;
        let text = format!(
            "The certificate holds: node {} signed it, and every reader what stands as signed.\n{}",
            certificate.holder_node,
            crate::desk::certificate_text(&certificate)
        );
        return Ok(Reply::new(crate::desk::certificate_json(&certificate), text));
    }
    let evidence = Evidence::from_text(&text).map_err(Failure::refused)?;
    let findings = evidence.verify(&Real).map_err(Failure::refused)?;
    let event = &findings.event;
    let witnesses: Vec<String> = findings.witnesses.iter().map(|(key, _)| key.to_string()).collect();
    let exchange = findings.exchange.as_ref().map(|found| {
        let receipt = &found.receipt;
        json!({
            "reader": receipt.reader.to_string(), "holder": receipt.holder.to_string(),
            "reader_key": found.reader.to_string(), "holder_key": found.holder.to_string(),
            "request": receipt.request.to_string(), "items": receipt.items, "bytes": receipt.bytes, "at": receipt.at.0,
            "reader_leaf": receipt.reader_leaf.0, "holder_leaf": receipt.holder_leaf.0, "names_this_leaf": found.names_this_leaf,
        })
    });
    let json = json!({
        "ok": true, "leaf": findings.index, "event": crate::desk::event_json(findings.index, event),
        "log": findings.checkpoint.log.to_string(), "size": findings.checkpoint.size, "witnesses": witnesses, "exchange": exchange,
    });
    let mut text = format!(
        "The evidence holds: event {} ({}) is in the log {} as of {} events, co-signed by {} witnesses.",
        findings.index,
        event.what,
        findings.checkpoint.log,
        findings.checkpoint.size,
        witnesses.len()
    );
    if findings.exchange.is_some_and(|found| found.names_this_leaf) {
        text.push_str("\nReader and holder both signed the receipt of this very exchange.");
    }
    Ok(Reply::new(json, text))
}
