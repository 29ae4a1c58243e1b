//! The grammar of the prompt: Python's spelling of one call, or of one literal. Nothing here is ever evaluated as
//! Python; whatever the grammar does not name is refused with its column.

use super::{
    fault::Fault,
    lexer::{Placed, Token, tokens},
    python,
};

/// Deepest nesting of brackets.
const DEPTH: usize = 16;

/// An expression and its column.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub expression: Expression,
    /// Where it begins, in Unicode scalar values from 0.
    pub column: usize,
}

/// An expression of the prompt.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A name.
    Name(String),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A str.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A tuple.
    Tuple(Vec<Node>),
    /// A list.
    List(Vec<Node>),
    /// `x.name`
    Attribute(Box<Node>, String),
    /// `x[1]`
    Index(Box<Node>, Box<Node>),
    /// `f(a, name=b)`
    Call {
        /// What is called.
        callee: Box<Node>,
        /// Positional arguments.
        arguments: Vec<Node>,
        /// Keyword arguments.
        keywords: Vec<(String, Node)>,
    },
    /// `-x`
    Minus(Box<Node>),
    /// `a * b`, `a + b`, `a | b`, `a - b`
    Binary(char, Box<Node>, Box<Node>),
}

/// A statement of the prompt.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// Nothing but white space or a comment.
    Empty,
    /// `import socket`, `from socket import *`: what is here already.
    Import(Vec<String>),
    /// `del s`
    Delete(String, usize),
    /// An expression, perhaps assigned.
    Expression {
        /// Names to the left of `=`.
        targets: Vec<String>,
        /// Whether the targets are written as a tuple, so that the value must be unpacked.
        unpack: bool,
        /// The right-hand side, or all of it.
        node: Node,
    },
}

/// Cuts what somebody pasted into single statements, at line ends and semicolons outside of literals and brackets.
pub fn statements(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.split('\n') {
        match tokens(line) {
            Ok(tokens) => split(line, &tokens, &mut found),
            // It cannot be cut; parsing it will say why.
            Err(_) => found.push(line.to_owned()),
        }
    }
    found.retain(|statement| !statement.trim().is_empty());
    found
}

fn split(line: &str, tokens: &[Placed], found: &mut Vec<String>) {
    let characters: Vec<char> = line.chars().collect();
    let mut start = 0;
    for (_, column) in tokens.iter().filter(|(token, _)| *token == Token::Mark(';')) {
        found.push(characters[start..*column].iter().collect::<String>().trim().to_owned());
        start = column + 1;
    }
    found.push(characters[start..].iter().collect::<String>().trim().to_owned());
}

/// The statement in a line.
pub fn parse(line: &str) -> Result<Parsed, Fault> {
    let indent = line.chars().take_while(|c| c.is_whitespace()).count();
    let mut parser = Parser { tokens: tokens(line)?, at: 0, end: line.chars().count().max(indent), depth: 0 };
    parser.statement()
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    end: usize,
    depth: usize,
}

/// Keywords that begin Python we do not carry out.
const KEYWORDS: [&str; 22] = [
    "while", "for", "if", "def", "class", "with", "try", "return", "lambda", "async", "await", "raise",
    "assert", "global", "pass", "break", "continue", "yield", "else", "elif", "except", "finally",
];

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn column(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(_, column)| *column)
    }

    fn is(&self, mark: char) -> bool {
        self.peek() == Some(&Token::Mark(mark))
    }

    fn take(&mut self, mark: char) -> bool {
        let found = self.is(mark);
        self.at += usize::from(found);
        found
    }

    fn name(&mut self) -> Result<String, Fault> {
        let Some(Token::Name(name)) = self.peek() else { return Err(self.unexpected()) };
        let name = name.clone();
        self.at += 1;
        Ok(name)
    }

    fn unexpected(&self) -> Fault {
        match self.peek() {
            Some(Token::Foreign(mark)) => Fault::beyond(mark, self.column()),
            _ if self.is_wrong_python() => Fault::syntax("invalid syntax", self.column()),
            _ => Fault::unread(self.column()),
        }
    }

    /// Whether what stands here can stand there in no Python at all, as far as that can be told without all of its grammar.
    fn is_wrong_python(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map(|(token, _)| token);
        let value = |token: &Token| match token {
            Token::Name(name) => !python::is_word(name),
            Token::Int(_) | Token::Float(_) | Token::Str(_) | Token::Bytes(_) => true,
            _ => false,
        };
        match (before, self.peek()) {
            // Something is missing at the end, or there is a dot and no name behind it.
            (Some(before), None) => !value(before),
            (Some(Token::Mark('.')), Some(here)) => !matches!(here, Token::Name(_)),
            // `...` is a value of Python's.
            (None, Some(Token::Mark('.'))) => {
                !(1..3).all(|on| matches!(self.tokens.get(self.at + on), Some((Token::Mark('.'), _))))
            }
            (None, Some(Token::Mark(here))) => matches!(here, '=' | ',' | ')' | ']' | '|' | ';'),
            (Some(before), Some(here)) => value(before) && value(here),
            (None, _) => false,
        }
    }

    fn statement(&mut self) -> Result<Parsed, Fault> {
        match self.peek() {
            None => return Ok(Parsed::Empty),
            Some(Token::Name(word)) => match word.as_str() {
                "import" | "from" => return self.import(),
                "del" => return self.delete(),
                "print"
                    if matches!(
                        self.tokens.get(self.at + 1),
                        Some((
                            Token::Name(_)
                                | Token::Str(_)
                                | Token::Bytes(_)
                                | Token::Int(_)
                                | Token::Float(_),
                            _
                        ))
                    ) =>
                {
                    return Err(Fault::syntax(
                        "Missing parentheses in call to 'print'. Did you mean print(...)?",
                        self.column(),
                    )
                    .hint("Python 2 wrote it without parentheses; Python 3 needs them."));
                }
                keyword if KEYWORDS.contains(&keyword) => {
                    return Err(Fault::beyond(keyword, self.column()));
                }
                _ => {}
            },
            Some(_) => {}
        }
        let left = self.tuple_or_expression()?;
        if !self.take('=') {
            self.finish()?;
            return Ok(Parsed::Expression { targets: Vec::new(), unpack: false, node: left });
        }
        let (targets, unpack) = targets(&left)?;
        let node = self.tuple_or_expression()?;
        self.finish()?;
        Ok(Parsed::Expression { targets, unpack, node })
    }

    fn finish(&self) -> Result<(), Fault> {
        if self.at < self.tokens.len() { Err(self.unexpected()) } else { Ok(()) }
    }

    fn import(&mut self) -> Result<Parsed, Fault> {
        let from = self.peek() == Some(&Token::Name("from".into()));
        self.at += 1;
        let mut modules = Vec::new();
        loop {
            let column = self.column();
            let module = self.name()?;
            if !matches!(module.as_str(), "socket" | "select") {
                return Err(Fault::beyond(&format!("import {module}"), column)
                    .hint("By hand has socket and select, and both are already here."));
            }
            modules.push(module);
            if from {
                return self.imported(modules);
            }
            if !self.take(',') {
                self.finish()?;
                return Ok(Parsed::Import(modules));
            }
        }
    }

    /// The names of `from socket import ...` are all here as well.
    fn imported(&mut self, modules: Vec<String>) -> Result<Parsed, Fault> {
        if self.name()? != "import" {
            self.at -= 1;
            return Err(self.unexpected());
        }
        while !self.take('*') {
            let column = self.column();
            let name = self.name()?;
            if !python::is_here(&modules[0], &name) {
                return Err(Fault::beyond(&format!("{}.{name}", modules[0]), column));
            }
            if !self.take(',') {
                break;
            }
        }
        self.finish()?;
        Ok(Parsed::Import(modules))
    }

    fn delete(&mut self) -> Result<Parsed, Fault> {
        self.at += 1;
        let column = self.column();
        let name = self.name()?;
        self.finish()?;
        Ok(Parsed::Delete(name, column))
    }

    fn tuple_or_expression(&mut self) -> Result<Node, Fault> {
        let column = self.column();
        let first = self.sum()?;
        if !self.is(',') {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.take(',') {
            if self.peek().is_none() || self.is('=') {
                break;
            }
            items.push(self.sum()?);
        }
        Ok(Node { expression: Expression::Tuple(items), column })
    }

    /// Python binds `|` weaker than `+` and `+` weaker than `*`; here that is enough.
    fn sum(&mut self) -> Result<Node, Fault> {
        self.binary(&['|'], |parser| parser.binary(&['+', '-'], |parser| parser.binary(&['*'], Self::unary)))
    }

    fn binary(
        &mut self,
        marks: &[char],
        tighter: impl Fn(&mut Self) -> Result<Node, Fault>,
    ) -> Result<Node, Fault> {
        let mut left = tighter(self)?;
        while let Some(&mark) = marks.iter().find(|mark| self.is(**mark)) {
            let column = self.column();
            self.at += 1;
            let right = tighter(self)?;
            left = Node { expression: Expression::Binary(mark, Box::new(left), Box::new(right)), column };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, Fault> {
        let column = self.column();
        if !self.take('-') {
            return self.postfix();
        }
        self.deeper(column)?;
        let node = Node { expression: Expression::Minus(Box::new(self.unary()?)), column };
        self.depth -= 1;
        Ok(node)
    }

    fn deeper(&mut self, column: usize) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEPTH {
            Err(Fault::lacking("so many brackets inside of one another", column))
        } else {
            Ok(())
        }
    }

    fn postfix(&mut self) -> Result<Node, Fault> {
        let mut node = self.atom()?;
        loop {
            let column = self.column();
            if self.take('.') {
                let column = self.column();
                let name = self.name()?;
                node = Node { expression: Expression::Attribute(Box::new(node), name), column };
            } else if self.take('(') {
                node = self.call(node, column)?;
            } else if self.take('[') {
                self.deeper(column)?;
                let index = self.sum()?;
                self.close(']', '[', column)?;
                node = Node { expression: Expression::Index(Box::new(node), Box::new(index)), column };
            } else {
                return Ok(node);
            }
        }
    }

    fn close(&mut self, mark: char, opened: char, column: usize) -> Result<(), Fault> {
        self.depth -= 1;
        if self.take(mark) {
            return Ok(());
        }
        match self.peek() {
            None => Err(Fault::syntax(format!("'{opened}' was never closed"), column)
                .hint(format!("One more {mark} at the end?"))),
            Some(_) => Err(self.unexpected()),
        }
    }

    fn call(&mut self, callee: Node, column: usize) -> Result<Node, Fault> {
        self.deeper(column)?;
        let (mut arguments, mut keywords) = (Vec::new(), Vec::new());
        while !self.is(')') && self.peek().is_some() {
            let named = matches!(
                (self.peek(), self.tokens.get(self.at + 1)),
                (Some(Token::Name(_)), Some((Token::Mark('='), _)))
            );
            if named {
                let name = self.name()?;
                self.at += 1;
                keywords.push((name, self.sum()?));
            } else if keywords.is_empty() {
                arguments.push(self.sum()?);
            } else {
                return Err(Fault::syntax("positional argument follows keyword argument", self.column()));
            }
            if !self.take(',') {
                break;
            }
        }
        self.close(')', '(', column)?;
        let column = callee.column;
        Ok(Node { expression: Expression::Call { callee: Box::new(callee), arguments, keywords }, column })
    }

    fn atom(&mut self) -> Result<Node, Fault> {
        let column = self.column();
        let Some(token) = self.peek().cloned() else {
            return Err(Fault::syntax("invalid syntax", self.end));
        };
        self.at += 1;
        let expression = match token {
            Token::Name(name) => Expression::Name(name),
            Token::Int(number) => Expression::Int(number),
            Token::Float(number) => Expression::Float(number),
            Token::Str(text) => self.joined_text(text)?,
            Token::Bytes(bytes) => self.joined_bytes(bytes)?,
            Token::Mark('(') => self.parenthesised(column)?,
            Token::Mark('[') => {
                self.deeper(column)?;
                let items = self.items(']')?;
                self.close(']', '[', column)?;
                Expression::List(items.0)
            }
            _ => {
                self.at -= 1;
                return Err(self.unexpected());
            }
        };
        Ok(Node { expression, column })
    }

    /// Python joins literals that stand side by side.
    fn joined_text(&mut self, mut text: String) -> Result<Expression, Fault> {
        loop {
            match self.peek() {
                Some(Token::Str(more)) => text.push_str(more),
                Some(Token::Bytes(_)) => return Err(self.mixed()),
                _ => return Ok(Expression::Str(text)),
            }
            self.at += 1;
        }
    }

    fn joined_bytes(&mut self, mut bytes: Vec<u8>) -> Result<Expression, Fault> {
        loop {
            match self.peek() {
                Some(Token::Bytes(more)) => bytes.extend_from_slice(more),
                Some(Token::Str(_)) => return Err(self.mixed()),
                _ => return Ok(Expression::Bytes(bytes)),
            }
            self.at += 1;
        }
    }

    fn mixed(&self) -> Fault {
        Fault::syntax("cannot mix bytes and nonbytes literals", self.column())
    }

    fn parenthesised(&mut self, column: usize) -> Result<Expression, Fault> {
        self.deeper(column)?;
        let (mut items, comma) = self.items(')')?;
        self.close(')', '(', column)?;
        if items.len() == 1 && !comma {
            return Ok(items.remove(0).expression);
        }
        Ok(Expression::Tuple(items))
    }

    fn items(&mut self, end: char) -> Result<(Vec<Node>, bool), Fault> {
        let (mut items, mut comma) = (Vec::new(), false);
        while !self.is(end) && self.peek().is_some() {
            items.push(self.sum()?);
            comma = self.take(',');
            if !comma {
                break;
            }
        }
        Ok((items, comma))
    }
}

fn targets(left: &Node) -> Result<(Vec<String>, bool), Fault> {
    let single = |node: &Node| match &node.expression {
        Expression::Name(name) if matches!(name.as_str(), "True" | "False" | "None") => {
            Err(Fault::syntax(format!("cannot assign to {name}"), node.column))
        }
        Expression::Name(name) => Ok(name.clone()),
        Expression::Call { .. } => Err(Fault::syntax("cannot assign to function call", node.column)),
        Expression::Attribute(..) | Expression::Index(..) => {
            Err(Fault::beyond("assigning to a part of something", node.column))
        }
        Expression::Tuple(_) | Expression::List(_) => {
            Err(Fault::beyond("unpacking within unpacking", node.column))
        }
        Expression::Int(_) | Expression::Float(_) | Expression::Str(_) | Expression::Bytes(_) => Err(
            Fault::syntax("cannot assign to literal here. Maybe you meant '==' instead of '='?", node.column),
        ),
        _ => Err(Fault::syntax(
            "cannot assign to expression here. Maybe you meant '==' instead of '='?",
            node.column,
        )),
    };
    match &left.expression {
        Expression::Tuple(items) if !items.is_empty() => {
            Ok((items.iter().map(single).collect::<Result<_, _>>()?, true))
        }
        _ => Ok((vec![single(left)?], false)),
    }
}

#[cfg(test)]
mod tests;
