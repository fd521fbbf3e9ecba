"""One small class a contender: the verbs that it has, each as its own manual would have it written."""
