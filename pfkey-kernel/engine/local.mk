# The kernel plugin itself: engine/.
