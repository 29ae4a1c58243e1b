//! What the page computes of a recording's file, whatever stands in it: a drawing, or one error, and never a panic, which would
//! stop the whole page.

#![allow(clippy::unwrap_used, reason = "all of this is test code, its helpers too")]

#[path = "../../share/tests/format/any.rs"]
mod any;
#[path = "../../share/tests/format/extreme.rs"]
mod extreme;

use std::time::Duration;

use proptest::prelude::*;
use proto::id::HostId;
use web::view::{
    belonging, details,
    diagram::{Diagram, shapes::Options},
    explained,
    filter::{Filter, FilteredEvents},
    packets_file,
    recording::{self, OpenedRecording},
    sockets,
    store::TraceStore,
    table, text,
};

/// Everything that the page asks of a recording, at each of its events. Returns how many shapes the whole drawing has.
fn all_of(file: &str) -> usize {
    let kept = OpenedRecording::read(file.as_bytes()).unwrap();
    let _about = serde_json::to_string(&recording::about(&kept)).unwrap();
    let _texts = recording::texts(&kept);
    let (mut store, mut past, mut diagram) = (TraceStore::new(), TraceStore::new(), Diagram::default());
    kept.fill(&mut store, u64::MAX);
    let ends = store.get(store.last_seq()).map_or(0, |event| event.time);
    let shown = FilteredEvents::new(Filter::default(), &store);
    let rows = table::rows(&store, &shown, 0, store.len());
    assert_eq!(rows.len(), kept.events());
    let mut shapes = 0;
    for (width, reveal_up_to) in [(320.0, 0.0), (1280.0, 0.0)] {
        let options =
            Options { width, now_ns: ends as f64, reveal_up_to, bottom: 100_000.0, ..Options::default() };
        shapes = diagram.scene(&store, &options).shapes.len();
    }
    for row in &rows {
        let _all = (
            details::details(&store, row.seq),
            explained::explained(&store, row.seq, 0),
            explained::explained(&store, row.seq, row.seq),
            belonging::related(&store, row.seq),
            diagram.place(row.seq),
        );
        kept.fill(&mut past, row.seq);
        for host in 0..3 {
            let _sockets = sockets::sockets(&past, HostId(host), row.time);
        }
        let _waiting = sockets::waiting(&past, None);
        let options = Options { width: 800.0, reveal_up_to: row.seq as f64, ..Options::default() };
        let _scene = diagram.scene(&store, &options);
    }
    let _text = text::text(&store);
    assert!(!packets_file::pcapng(&store, Duration::MAX).unwrap().is_empty());
    shapes
}

proptest! {
    // Each draws itself at each of its events, and where one fails it is large enough to see why.
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_in_it_a_recording_is_drawn(file in extreme::file()) {
        all_of(&file);
    }
}

/// A listener with a queue of 2^32 places, segments and datagrams of 2^32 bytes, and a call that waits for them.
#[test]
fn amounts_at_their_ends_are_drawn() {
    let lines = [
        r#""kind":"machine","id":1,"name":"server","address":"10.0.0.1","cable":true"#,
        r#""kind":"machine","id":2,"name":"client","address":"10.0.0.2","cable":true"#,
        r#""kind":"program","id":1,"machine":1,"by":1,"name":"server.py""#,
        r#""kind":"program","id":2,"machine":2,"by":1,"name":"client.py""#,
        r#""kind":"call","id":1,"by":1,"machine":1,"program":1,"call":"listen","fd":3,"backlog":2147483647,"socket":1"#,
        r#""kind":"state","machine":1,"socket":1,"program":1,"fd":3,"local":"0.0.0.0:80","remote":null,"from":"CLOSED","to":"LISTEN","observed":true,"accepted":true,"unread":4294967295,"unacknowledged":4294967295"#,
        r#""kind":"return","id":1,"elapsed":1,"socket":1,"returned":{"is":"done"}"#,
        r#""kind":"state","machine":1,"socket":1,"program":1,"fd":3,"local":"0.0.0.0:80","remote":null,"from":"LISTEN","to":"LISTEN","observed":true,"accepted":true,"unread":4294967294,"unacknowledged":4294967295"#,
        r#""kind":"call","id":2,"by":1,"machine":2,"program":2,"call":"connect","fd":3,"address":"10.0.0.1:80","socket":2"#,
        r#""kind":"packet","id":1,"from":2,"to":1,"src":"10.0.0.2","dst":"10.0.0.1","protocol":"TCP","src_port":40000,"dst_port":80,"sequence":4294967295,"acknowledgment":0,"flags":["SYN","FIN"],"window":65535,"data":{"length":4294967295},"cause":{"is":"call","id":2},"fate":"delivered""#,
        r#""kind":"packet","id":2,"from":2,"to":1,"src":"10.0.0.2","dst":"10.0.0.1","protocol":"TCP","src_port":40000,"dst_port":80,"sequence":4294967295,"acknowledgment":0,"flags":["SYN"],"window":65535,"cause":{"is":"call","id":2},"fate":"delivered""#,
        r#""kind":"state","machine":1,"socket":3,"program":1,"fd":4,"local":"10.0.0.1:9","remote":null,"from":null,"to":"UDP","observed":true,"accepted":true,"unread":4294967295,"unacknowledged":0"#,
        r#""kind":"packet","id":3,"from":2,"to":1,"src":"10.0.0.2","dst":"10.0.0.1","protocol":"UDP","src_port":9,"dst_port":9,"data":{"length":4294967295},"cause":{"is":"timer"},"fate":"delivered""#,
        r#""kind":"packet","id":4,"from":2,"to":1,"src":"10.0.0.2","dst":"10.0.0.1","protocol":"UDP","src_port":9,"dst_port":9,"data":{"length":4294967295},"cause":{"is":"timer"},"fate":"delivered""#,
        r#""kind":"state","machine":1,"socket":3,"program":1,"fd":4,"local":"10.0.0.1:9","remote":null,"from":"UDP","to":"UDP","observed":true,"accepted":true,"unread":4294967295,"unacknowledged":0"#,
    ];
    let header = format!(
        r#"{{"format":"wireside-share/1","made":1,"title":"","names_hidden":false,"evicted":18446744073709551615,"events":{},"machines":[],"programs":[],"people":[],"wire":{{"held":false,"delay_ms":4294967295,"loss":1.0,"seed":"0"}},"notes":[]}}"#,
        lines.len()
    );
    let numbered =
        lines.iter().zip(1..).map(|(line, seq)| format!("{{\"seq\":{seq},\"time\":{seq},{line}}}\n"));
    assert!(all_of(&format!("{header}\n{}", numbered.collect::<String>())) > lines.len());
}
