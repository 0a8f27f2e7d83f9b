"""The network in PyTorch, in a module of its own, for processes to find."""

import torch


class Network(torch.nn.Module):
    """An LSTM and a linear layer on its last state."""

    def __init__(self, n_features, units):
        super().__init__()
        self.lstm = torch.nn.LSTM(n_features, units, batch_first=True)
        self.output = torch.nn.Linear(units, 1)

    def forward(self, x):
        """Compute the outputs."""
        return self.output(self.lstm(x)[0][:, -1])
