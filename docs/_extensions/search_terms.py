"""Words by which people search, and the page or section that the search shows first.

They become entries of the index, which Sphinx's search ranks above words in the text.
"""

from sphinx import addnodes

TERMS = {
    "index#synapse": ["install", "installation"],
    "saving": ["save", "load", "resume", "checkpoint", "pickle"],
    "deploying": ["export", "deploy", "ONNX", "inference"],
    "deploying#c-and-c": ["microcontroller", "Arduino", "embedded"],
    "deploying#a-browser": ["JavaScript"],
    "learning_on_device": ["MicroPython", "TinyML"],
    "fitting": ["train", "batch", "epoch", "loss", "optimizer", "Adam", "momentum"],
    "fitting#tests": ["confusion matrix", "accuracy", "metric", "evaluate"],
    "fitting#the-data": ["class weights", "missing values", "sample weights"],
    "fitting#the-end-of-a-training": ["callback", "overfitting"],
    "fitting#when-it-does-not-learn": ["NaN", "vanishing gradient", "divergence"],
    "fitting#how-many-hidden-neurons": ["hyperparameters"],
    "fitting#streams-of-batches": ["generator", "large data"],
    "fitting#a-log-of-a-training": ["TensorBoard", "logging"],
    "fitting#size-units-and-rate": ["learning rate", "normalise", "scaling"],
    "fitting#all-cores": ["threads", "cores", "parallel"],
    "equations": ["eligibility trace", "LSTM-g"],
    "exact_online": ["RTRL", "real-time recurrent learning"],
    "looking": ["draw", "plot", "visualise"],
    "evolution": ["evolve", "NEAT", "neuroevolution"],
    "networks": ["connect"],
    "networks#random-weights": ["initialisation", "Glorot"],
    "networks#ready-made-networks": ["LSTM", "GRU", "Elman", "perceptron", "reservoir"],
    "experiments#folds": ["cross-validation", "k-fold"],
    "experiments#several-settings": ["grid search"],
    "reward": ["reinforcement learning", "Q-learning", "Gymnasium"],
    "connectomes": ["connectome", "adjacency matrix"],
    "simulators": ["Brian2", "NEST", "snnTorch", "STDP"],
    "words": ["glossary"],
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
    "cookbook_networks#use-dropout": ["dropout", "regularisation"],
    "cookbook_networks#a-cost-of-your-own": ["custom loss"],
    "cookbook_networks#a-squash-of-your-own": [
        "activation function",
        "custom activation",
    ],
    "cookbook_networks#convolve": ["convolution", "CNN"],
    "cookbook#classify-sequences": ["classification"],
    "cookbook#find-the-inputs-that-an-output-depends-on": ["saliency", "attribution"],
    "cookbook#learn-while-a-stream-runs": ["online learning", "drift"],
    "cookbook#learn-a-text-of-your-own": ["text", "language model"],
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
