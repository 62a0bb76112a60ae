//! Documents of the extended storage: CDA R2, plain text and PDF, small but whole.
use super::message::Desk;
use super::moment::{Moment, compact};
use std::fmt::Write as _;

/// データ種別フォルダ of the documents written here.
pub(crate) const VITALS: &str = "L-OBSERVATIONS^OBSERVATIONS^99ZL01";
pub(crate) const NURSING_NOTE: &str = "^看護記録^^28623-7^看護記録^LN";
pub(crate) const NURSING_SUMMARY: &str = "^看護サマリ^^34746-8^看護サマリ^LN";
pub(crate) const CARE_PLAN: &str = "^居宅サービス計画書^^56447-6^計画書^LN";
pub(crate) const MEDICATION_HISTORY: &str = "L-57828^薬剤服用歴^99ZL02^57828-6^薬歴^LN";
pub(crate) const DISCHARGE_SUMMARY: &str = "^退院サマリ^^18842-5^退院時サマリ^LN";
pub(crate) const REFERRAL: &str = "^診療情報提供書^^57133-1^診療情報提供書^LN";

/// What a document is: LOINC code, title, and its paragraphs.
pub(crate) struct Paper<'a> {
    pub(crate) loinc: &'static str,
    pub(crate) title: &'static str,
    pub(crate) at: Moment,
    pub(crate) author: &'a str,
    pub(crate) lines: &'a [String],
}

/// HL7 CDA R2 in UTF-8.
pub(crate) fn cda(desk: &Desk<'_>, paper: &Paper<'_>) -> Vec<u8> {
    let registration = desk.registration;
    let Paper { loinc, title, author, .. } = paper;
    let (family, given) = author_name(author);
    let root = desk.house.plan.authority.as_str();
    let mut text = String::with_capacity(2048);
    let _ = write!(
        text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ClinicalDocument xmlns=\"urn:hl7-org:v3\">\n\
         <typeId root=\"2.16.840.1.113883.1.3\" extension=\"POCD_HD000040\"/>\n\
         <id root=\"{root}\" extension=\"{}-{}\"/>\n\
         <code code=\"{loinc}\" codeSystem=\"2.16.840.1.113883.6.1\" codeSystemName=\"LOINC\" displayName=\"{title}\"/>\n\
         <title>{title}</title>\n\
         <effectiveTime value=\"{}+0900\"/>\n\
         <confidentialityCode code=\"N\" codeSystem=\"2.16.840.1.113883.5.25\"/>\n\
         <languageCode code=\"ja-JP\"/>\n\
         <recordTarget><patientRole><id root=\"{root}\" extension=\"{}\"/>\
         <patient><name use=\"IDE\"><family>{}</family><given>{}</given></name>\
         <birthTime value=\"{}\"/></patient></patientRole></recordTarget>\n\
         <author><time value=\"{}+0900\"/><assignedAuthor><id nullFlavor=\"NI\"/>\
         <assignedPerson><name><family>{family}</family><given>{given}</given></name></assignedPerson>\
         <representedOrganization><name>{}</name></representedOrganization></assignedAuthor></author>\n\
         <custodian><assignedCustodian><representedCustodianOrganization><id root=\"{root}\"/>\
         </representedCustodianOrganization></assignedCustodian></custodian>\n\
         <component><structuredBody><component><section><title>{title}</title><text>\n",
        registration.number,
        paper.at.milli(),
        paper.at.second(),
        registration.number,
        registration.family,
        registration.given,
        registration.birth.map(compact).unwrap_or_default(),
        paper.at.second(),
        desk.house.plan.name,
    );
    for line in paper.lines {
        let _ = writeln!(text, "<paragraph>{}</paragraph>", line.replace('&', "&amp;").replace('<', "&lt;"));
    }
    text.push_str("</text></section></component></structuredBody></component>\n</ClinicalDocument>\n");
    text.into_bytes()
}

/// Plain text in UTF-8, lines ended as on Windows.
pub(crate) fn note(desk: &Desk<'_>, paper: &Paper<'_>) -> Vec<u8> {
    let (family, given) = author_name(paper.author);
    let mut text = format!("{}\r\n記録日時: {}\r\n", paper.title, paper.at.minute());
    let _ = write!(text, "施設: {}\r\n記録者: {family} {given}\r\n\r\n", desk.house.plan.name);
    for line in paper.lines {
        let _ = write!(text, "・{line}\r\n");
    }
    text.into_bytes()
}

/// A one-page PDF with ASCII lines, its cross-reference table in order.
pub(crate) fn pdf(lines: &[String]) -> Vec<u8> {
    let mut page = String::from("BT /F1 12 Tf 60 780 Td 16 TL\n");
    for line in lines {
        let _ = writeln!(page, "({}) Tj T*", line.replace(['(', ')', '\\'], " "));
    }
    page.push_str("ET\n");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{page}endstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut out = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (index, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", out.len());
        let _ = write!(out, "{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = out.len();
    let _ = write!(out, "xref\n0 6\n{table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    out.into_bytes()
}

/// Family and given name out of an XCN.
fn author_name(xcn: &str) -> (&str, &str) {
    let mut parts = xcn.split('^').skip(1);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}
