//! One step while it is being read.

use super::{Aside, Card, Predict, Requirement, SENTENCE, Step, said};
use crate::{
    Check, Malformed,
    clue::{Clue, STRENGTHS, Template},
    doing, need, prose,
};

/// Most cards of a step.
const CARDS: usize = 16;
/// Longest answer to a question, in characters: a button of a telephone.
const CHOICE: usize = 28;

/// A step, as far as it is known.
pub(super) struct Writing {
    line: usize,
    step: Step,
    /// The right answer, once there is one.
    right: Option<usize>,
}

impl Writing {
    pub(super) fn new(title: &str, line: usize) -> Result<Self, Malformed> {
        if title.is_empty() || title.chars().count() > proto::limits::NAME {
            let most = proto::limits::NAME;
            return Err(Malformed::new(line, format!("a step's title has 1 to {most} characters")));
        }
        let step = Step {
            title: title.to_owned(),
            text: Vec::new(),
            hint: Vec::new(),
            see: Vec::new(),
            seen_as: Vec::new(),
            needs: Vec::new(),
            explain: Vec::new(),
            predict: None,
            does: Vec::new(),
            checks: Vec::new(),
            asides: Vec::new(),
            cards: Vec::new(),
            clues: Vec::new(),
            exercise: false,
        };
        Ok(Self { line, step, right: None })
    }

    pub(super) fn text(&mut self, text: &str, line: usize) -> Result<(), Malformed> {
        if !self.step.text.is_empty() {
            return Err(Malformed::new(
                line,
                "a step has one sentence; the rest belongs into hint, see or explain",
            ));
        }
        let pieces = said(line, text)?;
        let length = prose::plain(&pieces).chars().count();
        if length > SENTENCE {
            let reason = format!("a step's sentence has at most {SENTENCE} characters, this has {length}");
            return Err(Malformed::new(line, reason));
        }
        self.step.text = pieces;
        Ok(())
    }

    pub(super) fn pair(&mut self, key: &str, value: &str, line: usize) -> Result<(), Malformed> {
        let wrong = |reason: String| Malformed::new(line, reason);
        let step = &mut self.step;
        match key {
            "hint" => step.hint = said(line, value)?,
            "see" if value.contains(" => ") => {
                let (check, text) = arrow(value, line)?;
                step.seen_as.push(Aside { check, text: said(line, text)? });
            }
            "see" => step.see = said(line, value)?,
            "needs" => step.needs.push(need::parse(value).map_err(wrong)?),
            "explain" => step.explain = said(line, value)?,
            "do" => step.does.push(doing::parse(value).map_err(wrong)?),
            "check" => {
                let check = Check::parse(value).map_err(wrong)?;
                step.checks.push(Requirement { check, otherwise: None });
            }
            "else" => match step.checks.last_mut() {
                Some(asked) if asked.otherwise.is_none() => asked.otherwise = Some(said(line, value)?),
                _ => return Err(wrong("`else` follows the check it is about, once".to_owned())),
            },
            "if" => {
                let (check, text) = arrow(value, line)?;
                step.asides.push(Aside { check, text: said(line, text)? });
            }
            "card" => {
                let (check, text) = arrow(value, line)?;
                step.cards.push(Card { check, text: said(line, text)? });
            }
            "clue" => self.clue(value, line)?,
            "more" | "most" => self.stronger(key, value, line)?,
            "predict" => {
                let question = said(line, value)?;
                step.predict = Some(Predict { question, choices: Vec::new(), right: 0 });
            }
            "choice" | "right" => self.choice(key == "right", value, line)?,
            "exercise" if value == "yes" => step.exercise = true,
            "exercise" => return Err(wrong("`exercise` is yes, or is left out".to_owned())),
            other => return Err(wrong(format!("unknown key `{other}`"))),
        }
        Ok(())
    }

    /// `call=recv length<10000 => Your recv returned {length} bytes.`, or a sentence for everybody.
    fn clue(&mut self, value: &str, line: usize) -> Result<(), Malformed> {
        let (check, text) = match value.contains(" => ") {
            true => arrow(value, line).map(|(check, text)| (Some(check), text))?,
            false => (None, value),
        };
        let common = check.is_none();
        if common && self.step.clues.iter().any(|clue| clue.check.is_none()) {
            return Err(Malformed::new(line, "one clue is for everybody, not two"));
        }
        self.step.clues.push(Clue { check, strengths: vec![template(text, common, line)?] });
        Ok(())
    }

    fn stronger(&mut self, key: &str, text: &str, line: usize) -> Result<(), Malformed> {
        let before = if key == "more" { 1 } else { 2 };
        match self.step.clues.last_mut() {
            Some(clue) if clue.strengths.len() == before => {
                clue.strengths.push(template(text, clue.check.is_none(), line)?);
                Ok(())
            }
            _ => Err(Malformed::new(line, "`clue`, `more`, `most`: they follow one another, each once")),
        }
    }

    fn choice(&mut self, right: bool, value: &str, line: usize) -> Result<(), Malformed> {
        let Some(predict) = &mut self.step.predict else {
            return Err(Malformed::new(line, "a choice before its question (`predict`)"));
        };
        if value.is_empty() || value.chars().count() > CHOICE {
            return Err(Malformed::new(line, format!("a choice has 1 to {CHOICE} characters")));
        }
        if right && self.right.replace(predict.choices.len()).is_some() {
            return Err(Malformed::new(line, "one choice is right, not two"));
        }
        predict.choices.push(value.to_owned());
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Step, Malformed> {
        let title = self.step.title.clone();
        let wrong = |reason: &str| Malformed::new(self.line, format!("the step {title:?} {reason}"));
        if self.step.text.is_empty() {
            return Err(wrong("has no sentence"));
        }
        if self.step.checks.is_empty() == self.step.cards.is_empty() {
            return Err(wrong("needs checks or cards, one of them: how else is it passed?"));
        }
        if !self.step.cards.is_empty() && !(3..=CARDS).contains(&self.step.cards.len()) {
            return Err(wrong("has 3 to 16 cards"));
        }
        if let Some(predict) = &mut self.step.predict {
            if !(2..=4).contains(&predict.choices.len()) {
                return Err(wrong("asks a question with 2 to 4 choices"));
            }
            predict.right =
                self.right.ok_or_else(|| wrong("asks a question without a right answer (`right`)"))?;
        }
        let common = self.step.clues.iter().find(|clue| clue.check.is_none());
        if !self.step.clues.is_empty() && common.is_none_or(|clue| clue.strengths.len() < STRENGTHS) {
            return Err(wrong("has clues: one of them is for everybody, with `more` and `most`"));
        }
        if self.step.exercise && self.step.checks.iter().any(|asked| asked.otherwise.is_none()) {
            return Err(wrong("is an exercise: each check needs an `else`, for who is not there yet"));
        }
        Ok(self.step)
    }
}

fn template(text: &str, common: bool, line: usize) -> Result<Template, Malformed> {
    let template = Template::parse(text).map_err(|reason| Malformed::new(line, reason))?;
    if common && template.is_about_an_event() {
        return Err(Malformed::new(line, "a clue for everybody is about no event"));
    }
    Ok(template)
}

/// `call=connect result=ECONNREFUSED => Nobody listens there.`
fn arrow(value: &str, line: usize) -> Result<(Check, &str), Malformed> {
    let (check, text) =
        value.split_once(" => ").ok_or_else(|| Malformed::new(line, "expected `check => sentence`"))?;
    let check = Check::parse(check).map_err(|reason| Malformed::new(line, reason))?;
    Ok((check, text.trim()))
}
