// In a notebook: the page in a sandboxed frame, which gets the numbers of the live network and nothing else.
// A page that learns sends its network back, which Python checks as it checks a file.

function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts allow-downloads");
  frame.style.cssText = "width: 100%; height: 600px; border: 0";
  const show = () => { frame.srcdoc = model.get("html"); };
  const send = () => frame.contentWindow?.postMessage(model.get("numbers"), "*"); // the frame has no origin to name
  const receive = ({ source, data }) => {
    if (source !== frame.contentWindow || typeof data?.network !== "object") return;
    model.set("network", data.network);
    model.save_changes();
  };
  frame.addEventListener("load", send);
  addEventListener("message", receive);
  model.on("change:html", show);
  model.on("change:numbers", send);
  show();
  el.append(frame);
  return () => {
    removeEventListener("message", receive);
    model.off("change:html", show);
    model.off("change:numbers", send);
  };
}

export default { render };
