//! What a teacher's page asks of a class: the board, acts, the table of steps, recordings.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use lab::Request;
use proto::limits::Limit;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument as _;

use super::{find_for_teacher, lines, required, seats::new_room};
use crate::{
    classes::{Act, ActError, Board, Class, sheet},
    http::{error::Refused, rule::HttpRule, shares},
    shared::Shared,
};

/// Between two looks at the seats of a class.
const LOOK: Duration = Duration::from_millis(500);

/// What a board hears with.
struct Hearing {
    board: Board,
    has_looked: bool,
    _place: OwnedSemaphorePermit,
}

/// `GET /c/{class}/news`: the class and its seats, a line for whatever is something else.
pub(crate) async fn news(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let class = find_for_teacher(&shared, &id, &headers)?;
    let place =
        class.board().ok_or_else(|| Refused::over(StatusCode::TOO_MANY_REQUESTS, Limit::ClassBoards))?;
    let hearing = Hearing { board: Board::default(), has_looked: false, _place: place };
    Ok(lines::answer(class, hearing, next))
}

async fn next(class: Arc<Class>, mut hearing: Hearing) -> Option<(String, Hearing)> {
    loop {
        // Never sooner, as ticks at even times would be: no second has more looks than it may. Whoever reads slowly gets no more at
        // once for it.
        if hearing.has_looked {
            tokio::time::sleep(LOOK).await;
        }
        hearing.has_looked = true;
        let lines = hearing.board.lines(&class);
        if !lines.is_empty() {
            return Some((lines, hearing));
        }
    }
}

/// `POST /c/{class}/acts`: does what the teacher wants. 200 with how many rooms could not be reached.
pub(crate) async fn act(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let class = find_for_teacher(&shared, &id, &headers)?;
    let act: Act = required(&body, "{\"act\", …}, as PROTOCOL.md lists them")?;
    class.act(&act).map_err(refuse_act)?;
    tracing::info!(class = class.id, act = name_of(&act), "a teacher acts");
    // To its end, also where whoever asked has gone: nobody wants half a class held, or half of it begun anew.
    let doing = tokio::spawn(async move { in_rooms(&shared, &class, &act).await }.in_current_span());
    let missed = doing.await.map_err(|error| {
        tracing::error!(%error, "an act of a teacher was not done to its end");
        Refused::unavailable(HttpRule::Class, "that was not done in all rooms; try again")
    })??;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({ "missed": missed }))).into_response())
}

/// What rooms have to do; how many could not.
async fn in_rooms(shared: &Shared, class: &Class, act: &Act) -> Result<usize, Refused> {
    let mut missed = 0;
    match *act {
        Act::Hold { held } => {
            for number in class.numbers() {
                if let Some((_, room)) = class.room(number) {
                    let held = room.lab.request(Request::HoldForClass { held }).await;
                    missed += usize::from(held.is_err());
                }
            }
        }
        Act::Clean { seat } => {
            for number in seat.map_or_else(|| class.numbers(), |one| vec![one]) {
                match (new_room(shared, class).await, seat) {
                    (Ok(room), _) => {
                        if let Some(before) = class.move_to(number, &room) {
                            before.takes_too_much();
                        }
                    }
                    (Err(refused), Some(_)) => return Err(refused),
                    (Err(_), None) => missed += 1,
                }
            }
        }
        Act::Free { seat } => {
            if let Some(room) = class.free(seat) {
                room.takes_too_much();
            }
        }
        _ => {}
    }
    Ok(missed)
}

fn name_of(act: &Act) -> &'static str {
    match act {
        Act::Note { .. } => "note",
        Act::Step { .. } => "step",
        Act::Lesson { .. } => "lesson",
        Act::Hold { .. } => "hold",
        Act::File { .. } => "file",
        Act::Clean { .. } => "clean",
        Act::Show { .. } => "show",
        Act::Point { .. } => "point",
        Act::HandDown { .. } => "hand",
        Act::Free { .. } => "free",
        Act::Close => "close",
    }
}

fn refuse_act(error: ActError) -> Refused {
    let limit = |limit: Limit| Refused::over(StatusCode::BAD_REQUEST, limit);
    match error {
        ActError::Seat => Refused::protocol(HttpRule::Seat, "there is no such seat in this class"),
        ActError::Step => Refused::protocol(HttpRule::Step, "the class's lesson has no such step"),
        ActError::Lesson => Refused::protocol(HttpRule::Lesson, "there is no such lesson"),
        ActError::Event => {
            Refused::protocol(HttpRule::Event, "that seat's room has no such event, or no more")
        }
        ActError::NoteLength => limit(Limit::ClassNote),
        ActError::FileLength => limit(Limit::ClassFile),
        ActError::FileName => Refused::protocol(
            HttpRule::File,
            "a file for all has a name of letters, digits, dots, hyphens and underscores, and goes to client or server",
        ),
    }
}

/// `POST /c/{class}/seats/{seat}/shares`: keeps what happened in a seat's room, as `POST /r/{room}/shares` does.
pub(crate) async fn keep(
    State(shared): State<Arc<Shared>>,
    Path((id, seat)): Path<(String, u32)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let class = find_for_teacher(&shared, &id, &headers)?;
    let (_, room) = class.room(seat).ok_or_else(|| {
        Refused::protocol(HttpRule::Seat, "there is no such seat, or its room has ended")
            .with_status(StatusCode::NOT_FOUND)
    })?;
    // A class has no allowance a day: it ends, and each of its rooms keeps a few at most.
    let made = shares::keep(&shared, &room, &body, || Ok::<_, Refused>(())).await?;
    class.kept(seat, &made.link);
    tracing::info!(class = class.id, seat, room = room.id, "a recording of a seat is kept");
    Ok(shares::created(made))
}

/// `GET /c/{class}/steps.csv`: the table of steps.
pub(crate) async fn steps(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Refused> {
    let class = find_for_teacher(&shared, &id, &headers)?;
    // The page says under which name it knows this server; it stands before links and nowhere else.
    let origin = uri.query().and_then(|query| query.strip_prefix("origin=")).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/.-[]".contains(&byte);
    let origin = if origin.len() <= 300 && origin.bytes().all(plain) { origin } else { "" };
    let table = sheet(&class.view(), &class.views(), origin);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"steps.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, table).into_response())
}
