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
    "fitting#the-data": [
        "class weights",
        "missing values",
        "sample weights",
        "sparse matrix",
        "one-hot",
        "imbalanced",
    ],
    "fitting#the-end-of-a-training": ["callback", "overfitting"],
    "fitting#when-it-does-not-learn": ["NaN", "vanishing gradient", "divergence"],
    "fitting#how-many-hidden-neurons": ["hyperparameters", "hyperparameter"],
    "fitting#streams-of-batches": ["generator", "large data"],
    "fitting#a-log-of-a-training": ["TensorBoard", "logging"],
    "fitting#size-units-and-rate": ["learning rate", "normalise", "scaling"],
    "fitting#all-cores": ["threads", "cores", "parallel"],
    "equations": ["eligibility trace", "LSTM-g"],
    "exact_online": ["RTRL", "real-time recurrent learning"],
    "looking": ["draw", "plot", "visualise"],
    "evolution": ["evolve", "NEAT", "neuroevolution", "genetic algorithm"],
    "networks": ["connect"],
    "networks#random-weights": ["initialisation", "Glorot", "Xavier", "initializer"],
    "networks#ready-made-networks": [
        "LSTM",
        "GRU",
        "Elman",
        "perceptron",
        "reservoir",
        "echo state network",
        "liquid state machine",
        "ResNet",
    ],
    "experiments#folds": ["cross-validation", "k-fold"],
    "experiments#several-settings": ["grid search"],
    "reward": ["reinforcement learning", "Q-learning", "Gymnasium"],
    "connectomes": ["connectome", "adjacency matrix"],
    "simulators": ["Brian2", "NEST", "snnTorch"],
    "reference/learning#synapse.learning.Trainer": [
        "weight decay",
        "gradient clipping",
        "mini-batch",
        "L1",
        "L2",
    ],
    "reference/schedules#schedules": ["learning rate schedule", "warmup"],
    "performance#exported-to-pytorch-on-a-gpu": ["GPU", "CUDA"],
    "fitting#the-learning-rule": ["learning rule", "backpropagation"],
    "plasticity": ["STDP", "Hebb", "synaptic plasticity"],
    "plasticity#reward": ["dopamine", "three-factor"],
    "connectomes#millions-of-connections": ["million neurons", "large network"],
    "learning_on_device#how-exactly-it-computes": ["fixed point", "quantization"],
    "learning_on_device#in-javascript-and-python": ["learning in JavaScript"],
    "deploying#onnx-runtime": ["ONNX Runtime"],
    "deploying#rust": ["Rust"],
    "migration#from-keras": ["Keras", "TensorFlow"],
    "migration": ["Synaptic", "Neataptic"],
    "looking#recording": ["record", "monitor", "history of activations"],
    "looking#pictures": ["diagram", "picture of a network"],
    "choosing#which-rule": ["which rule", "bptt or online"],
    "cookbook#predict-a-series-one-step-ahead": ["time series", "sunspots"],
    "reference/optimizers": ["SGD", "RMSprop", "L-BFGS"],
    "reference/play": ["lessons", "playground", "teach"],
    "wiring#signs": ["Dale's law", "excitatory and inhibitory"],
    "performance": ["benchmark", "speed"],
    "versions": ["compatibility", "Python versions"],
    "words": ["glossary"],
    "wiring#delays": ["delay"],
    "pipelines": ["scikit-learn", "sktime", "River"],
    "spikes": ["surrogate gradient", "spike", "spiking", "LIF"],
    "reference/neuron#synapse.Neuron.gate": ["gating"],
    "reference/command": ["command line", "CSV", "Excel", "Parquet"],
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
    "cookbook#find-the-inputs-that-an-output-depends-on": [
        "saliency",
        "attribution",
        "feature importance",
        "explain",
    ],
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
