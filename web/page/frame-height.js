// How high a frame would have to be for what is in it: whoever wrote the page around may make it so.

/** @param {import("./frame-messages.js").Messages} messages @param {Element} scrolled what is scrolled where the frame is lower, with one element in it that grows */
export function tellHeight(messages, scrolled) {
  let told = 0;
  const tell = () => {
    const height = innerHeight + scrolled.scrollHeight - scrolled.clientHeight;
    if (height === told || scrolled.clientHeight === 0) return;
    told = height;
    messages.tell("resize", { height });
  };
  const watch = new ResizeObserver(tell);
  watch.observe(scrolled);
  if (scrolled.firstElementChild) watch.observe(scrolled.firstElementChild);
}
