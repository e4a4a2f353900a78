"""Words by which people search, and the page or section that the search shows first.

They become entries of the index, which Sphinx's search ranks above words in the text.
"""

from sphinx import addnodes

TERMS = {
    "index#synapse": ["install", "installation"],
    "saving": ["save", "load", "resume", "checkpoint", "pickle"],
    "deploying": ["export", "deploy", "ONNX"],
    "fitting": ["train", "batch", "epoch", "loss"],
    "fitting#size-units-and-rate": ["learning rate", "normalise", "scaling"],
    "fitting#all-cores": ["threads", "cores", "parallel"],
    "equations": ["eligibility trace", "LSTM-g"],
    "exact_online": ["RTRL", "real-time recurrent learning"],
    "looking": ["draw", "plot", "visualise"],
    "evolution": ["evolve", "NEAT", "neuroevolution"],
    "networks": ["connect"],
    "wiring#delays": ["delay"],
    "pipelines": ["scikit-learn", "sktime", "River"],
    "spikes": ["surrogate gradient", "spike", "spiking", "LIF"],
    "reference/neuron#synapse.Neuron.gate": ["gating"],
    "reference/command": ["command line", "CSV"],
    "reference/pytorch": ["PyTorch", "torch"],
    "cookbook#forecast-the-next-twenty-values": ["forecast", "prediction interval"],
    "cookbook#stop-early": ["early stopping", "patience", "validation"],
    "cookbook#train-with-the-exact-gradient": ["bptt"],
    "cookbook#measure-catastrophic-forgetting": [
        "catastrophic forgetting",
        "continual learning",
    ],
    "cookbook#prune": ["pruning"],
    "cookbook#reproduce-results": ["seed", "reproducibility"],
    "cookbook_networks#share-a-weight": ["weight sharing", "tie"],
    "cookbook_networks#use-dropout": ["dropout"],
    "cookbook_networks#freeze-a-part-of-a-network": ["freeze", "fine-tuning"],
    "cookbook_graphs#any-graph-as-a-network": ["networkx"],
}


def add_entries(app, doctree):
    """Add the entries of a page to it."""
    for place, terms in TERMS.items():
        page, _, anchor = place.partition("#")
        if page == app.env.docname:
            entries = [("single", term, anchor, "main", None) for term in terms]
            doctree.insert(0, addnodes.index(entries=entries))


def check_places(app, env):
    """Fail if a page has gone."""
    gone = {place.partition("#")[0] for place in TERMS} - env.found_docs
    if gone:
        raise ValueError(
            f"Expected pages for all search terms, found no {sorted(gone)}."
        )


def setup(app):
    """Add the entries when a page is read."""
    app.connect("doctree-read", add_entries)
    app.connect("env-check-consistency", check_places)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
