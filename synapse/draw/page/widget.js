// In a notebook: the page in a sandboxed frame, which gets the numbers of the live network and nothing else.

function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.style.cssText = "width: 100%; height: 600px; border: 0";
  const show = () => { frame.srcdoc = model.get("html"); };
  const send = () => frame.contentWindow?.postMessage(model.get("numbers"), "*"); // the frame has no origin to name
  frame.addEventListener("load", send);
  model.on("change:html", show);
  model.on("change:numbers", send);
  show();
  el.append(frame);
  return () => {
    model.off("change:html", show);
    model.off("change:numbers", send);
  };
}

export default { render };
